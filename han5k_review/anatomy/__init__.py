"""What can be drawn: structures, their names in other sources, their relations, label values."""
