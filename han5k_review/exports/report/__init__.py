"""The report of a study: one HTML file that needs nothing else, and what reviewers ask for.

In use:

    content = build_report(study)  # bytes of the HTML file
"""

from han5k_review.exports.report.document import build_report

__all__ = ["build_report"]
