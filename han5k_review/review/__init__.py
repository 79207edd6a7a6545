"""Reading a case: scales, assignments, grading, submitted revisions, progress."""
