"""The page Release: what would be in it, making it, and the releases made so far."""
