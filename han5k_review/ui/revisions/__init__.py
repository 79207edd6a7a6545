"""The Revisions page: one question at a time, a card per read, and the locked structures."""
