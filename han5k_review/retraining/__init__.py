"""Retraining: trusted structures to a new model version, one recorded run at a time."""
