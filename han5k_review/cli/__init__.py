"""The `han5k` command: the same services the pages use, for terminals and scripts."""
