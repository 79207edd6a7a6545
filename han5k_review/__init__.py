"""HaN5K Review: grade, revise, measure and retrain head-and-neck pseudo-labels. Research use only."""

__version__ = "0.1.0"
