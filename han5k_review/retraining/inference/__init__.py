"""Prediction with a registered model."""
