"""A client for notebooks: cases, CTs and contours as arrays, revisions in, runs started.

    with connect("https://review.example", token) as bench:
        task = bench.list_tasks()[0]
        ct = bench.get_ct(task)                      # int16 HU of (i, j, k), and where they lie
        contour = bench.get_contours(task)[0]
        bench.put_revision(task, contour.structure, contour.mask.dense())

What the server refuses becomes an exception of `han5k_review.errors` with the server's sentence.
A token may what its account may (docs/api.md): what is blinded there is not seen here.
"""

from han5k_review.client.bench import Bench, connect
from han5k_review.client.values import (
    Case,
    Contour,
    Ct,
    LabelSet,
    Person,
    Revision,
    Run,
    Task,
)

__all__ = [
    "Bench",
    "Case",
    "Contour",
    "Ct",
    "LabelSet",
    "Person",
    "Revision",
    "Run",
    "Task",
    "connect",
]
