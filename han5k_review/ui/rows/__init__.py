"""A table whose rows open by a click anywhere in them, or by Enter."""
