"""Predictions: contours by models - of cases, to be reviewed next, and of files outside a study.

A prediction of cases is queued like a run and worked on by the worker of its device; its masks
become label versions under review, with how doubtful they are when that was asked for.

    wanted = PredictionRequest(model_id=3, cases=["HN-001"])
    request_prediction(session, wanted, actor="lead", now=now)
    files = FilesRequest(model_id=3, source=Path("cts"), out=Path("out"))
    predict_files(study, files)  # nothing in the study changes
"""
