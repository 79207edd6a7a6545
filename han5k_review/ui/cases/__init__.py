"""The Cases page: the list, found by the database a page at a time, and one case."""
