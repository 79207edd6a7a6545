"""A release: the contours that were accepted or certified, as a data set that others can cite.

In use:

    plan = plan_release(study, ReleaseRequest(forms=(ReleaseForm.MASKS, ReleaseForm.NNUNET)))
    report = make_release(study, plan, Path("han5k-1"), actor="lead")
    check = check_release(Path("han5k-1"))
"""

from han5k_review.exports.release.checking import ReleaseCheck, check_release
from han5k_review.exports.release.choice import Reason, ReleaseRule, Standing
from han5k_review.exports.release.making import ReleaseReport, make_release
from han5k_review.exports.release.plan import ReleasePlan, plan_release
from han5k_review.exports.release.request import ReleaseForm, ReleaseRequest

__all__ = [
    "Reason",
    "ReleaseCheck",
    "ReleaseForm",
    "ReleasePlan",
    "ReleaseReport",
    "ReleaseRequest",
    "ReleaseRule",
    "Standing",
    "check_release",
    "make_release",
    "plan_release",
]
