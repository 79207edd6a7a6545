"""The only schema and transactions, the only label folder: tables, engine, migrations, files.

In use:

    study = open_study(Path("trial"))
    sha256 = study.labels.put_mask(mask)  # a file that never changes
    with transaction(study.engine) as session:  # commits at the end, or nothing is kept
        session.get_one(Case, 1).split = Split.HELD_OUT
"""
