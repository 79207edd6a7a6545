"""The former place of the predicting process, kept for jobs that were handed in before it moved."""
