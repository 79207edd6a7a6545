"""Intake: imports of whole folder trees that a page starts, finds again, cancels and resumes.

A row says what was asked for and where it stands; the supervisor of `retraining/jobs` starts the
process and follows it, in a thread of whoever is there. The process outlives them all.

    order = IntakeOrder(root=folder, choice=TreeChoice(), dry_run=True)
    row = request_import(session, order, actor="lead", now=utc_now())
    keep_watch(study)  # in this process; another one takes over when this one ends
"""
