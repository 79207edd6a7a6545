"""Folders and manifests of images -> cases of a study: a dry run first, then a resumable import.

In use:

    study = create_study(Path("trial"), "Trial", now_utc=utc_now())
    sources = read_manifest(Path("manifest.csv"), study)
    plan = plan_import(study, read_study_catalogue(study), sources)  # writes nothing
    report = run_import(study, read_study_catalogue(study), sources, actor="lead", now=utc_now)
"""
