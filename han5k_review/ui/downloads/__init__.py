"""Files that take a while to make: the page says that one is being made, how far it is, and saves
it.

    show_downloads({"Contours as NIfTI (.zip)": "/api/cases/3/contours/a.zip"}, key="case-3")
"""

from han5k_review.ui.downloads.downloads import show_downloads

__all__ = ["show_downloads"]
