"""Models: the folders of trained and imported models, what is known of them, which one is in use.

A model version is a row and a folder in nnU-Net's layout; the row has the hash of the checkpoint,
and a file with another hash is never opened.

    foreign = ForeignModel(source=folder, name="outside", group="2")
    model = import_model(study, catalogue, foreign, actor="lead")
    locate_model(study, model)  # ModelFolder: where it lies, and the hashes its files must have
    roll_back(session, model.id, actor="lead", reason="to begin with", now=now)  # now in use
"""
