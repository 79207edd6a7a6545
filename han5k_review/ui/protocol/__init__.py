"""The page of the reader study: protocol, size, reads, readers."""
