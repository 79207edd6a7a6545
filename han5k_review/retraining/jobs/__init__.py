"""Jobs: what a process is asked to do, the folder it does it in, and who starts and watches it.

A job is a folder: the task in `job.json`, progress, log and result beside it. A launcher starts a
process for it, here or on SLURM; the supervisor follows it over crashes and restarts.

    folder = JobFolder(path=study.runs / "import-1")
    folder.write_job(ImportJob(source=source, fold="0", labels=labels, settings=settings))
    LocalLauncher().start(folder, folder.read_job())
    folder.find_result()  # None while it works; then how it ended and what it produced
"""
