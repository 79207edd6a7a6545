"""Keeping a study: copies of it while people work, putting one back, and what is wrong with it.

In use:

    report = make_backup(study, Path("/backups/trial"), BackupRequest(actor="root", now=utc_now()))
    restore_backup(Path("/backups/trial"), report.name, Path("/data/trial"))
    for finding in list_record_findings(study):
        print(finding.sentence, finding.mend)
"""

from han5k_review.upkeep.backup import BackupReport, BackupRequest, make_backup
from han5k_review.upkeep.restore import check_backup, restore_backup

__all__ = [
    "BackupReport",
    "BackupRequest",
    "check_backup",
    "make_backup",
    "restore_backup",
]
