"""Retraining: from accepted contours to a model that people put in use, and its predictions.

One way through its rooms, each of which opens with an example: `teaching` says which contours may
teach, `runs` trains on them, `models` keeps what came out, `predictions` lets it predict cases.
`jobs` starts and watches the processes in which `network` works; only `network` knows torch.
A study's queue is worked on from the top:

    from han5k_review.retraining.worker import work

    work(open_study(folder), once=True, device="cuda:0")  # how many runs and predictions it did
"""
