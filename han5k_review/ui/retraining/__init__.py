"""The Retraining page: runs and their charts, models and their lineage, predictions."""
