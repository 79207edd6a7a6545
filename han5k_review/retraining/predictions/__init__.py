"""Predictions: models draw contours - of cases, to be reviewed next, and of files outside a study.

A prediction of cases is queued like a run and worked on by the worker of its device; its masks
become label versions under review, with how doubtful they are when that was asked for.

    request_prediction(session, model.id, ["HN-001"], actor="lead", now=now)
    predict_files(study, model.id, Path("cts"), Path("out"))  # nothing in the study changes
"""
