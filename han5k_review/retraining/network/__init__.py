"""Network: the work of a job's own process, the only place that knows torch and nnU-Net.

Nothing imports this room: a launcher starts its two modules by name, with a job folder. `training`
stands on `predicting` (what the parent predicts is taught as it predicts it), both on the modules
here.

    python -m han5k_review.retraining.network.training.run runs/7/train
    python -m han5k_review.retraining.network.predicting.run runs/7/evaluate
"""
