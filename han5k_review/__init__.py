"""HaN5K Review: grade, revise, measure, retrain head-and-neck pseudo-labels. Research only."""

__version__ = "0.1.0"
