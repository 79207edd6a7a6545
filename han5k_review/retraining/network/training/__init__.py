"""Training: nnU-Net's trainer for cases in which only some structures are trusted.

prepared = prepare_dataset(job, folder.work, say)  # plans, targets, preprocessed cases
train(folder, job)  # JobResult: the hash of the model in `folder.model`, epochs, seconds
"""
