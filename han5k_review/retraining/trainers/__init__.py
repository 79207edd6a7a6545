"""The former place of the training process, kept for jobs that were handed in before it moved."""
