"""Case rules: what forbids a case. A CT never moves and never enters twice, a patient stays in one
split; names mean the same whatever their capitals, white space and Unicode form.
"""

from __future__ import annotations

from han5k_review.errors import RuleError
from han5k_review.imaging.grid import Grid
from han5k_review.importing.known_cases import Claims, KnownCase, Owner, PatientClaim
from han5k_review.importing.refusals import DuplicateCtError, TwoSplitsError
from han5k_review.importing.sources import CaseSource
from han5k_review.store.vocabulary import Split
from han5k_review.texts.names import fold_name, fold_patient, tidy_name


def claim_name(source: CaseSource, claims: Claims) -> str:
    """The case's name as the study writes it; RuleError when another differs in capitals only."""
    like = claims.names.setdefault(fold_name(source.name), (source.name,))
    stored = next((name for name in like if tidy_name(name) == source.name), None)
    if stored is None:
        raise RuleError(
            f"a case name that differs from others by more than capitals was expected, found "
            f"{source.name} beside {like[0]}; write {like[0]}, or choose another name."
        )
    return stored


def claim_patient(source: CaseSource, claims: Claims) -> PatientClaim:
    """The patient as the study writes them, with their split; RuleError for another split."""
    known = claims.patients.get(fold_patient(source.patient))
    if known is None:
        known = PatientClaim(patient=source.patient, split=source.split or Split.TRAIN)
        claims.patients[fold_patient(source.patient)] = known
    elif source.split not in (None, known.split):
        also = "" if known.patient == source.patient else f" (written {source.patient} here)"
        raise TwoSplitsError(
            f"the split {known.split} of patient {known.patient}{also} was expected, found "
            f"{source.split}; a patient stays in one split, so that held-out patients never train."
        )
    return known


def check_known(source: CaseSource, known: KnownCase) -> None:
    """RuleError when a known case comes under another patient or split."""
    expected = (fold_patient(known.patient), fold_patient(source.name))
    if fold_patient(source.patient) not in expected or source.split not in (None, known.split):
        error = RuleError if source.split in (None, known.split) else TwoSplitsError
        raise error(
            f"patient {known.patient} and split {known.split} were expected for this case, found "
            f"{source.patient} and {source.split or 'none'}; neither changes after the import."
        )


def image_error(source: CaseSource, known: KnownCase, image_sha256: str, grid: Grid) -> RuleError:
    """The refusal of another CT under a known case's name."""
    return RuleError(
        f"the CT of this case was expected (hash {known.image_sha256[:12]}, "
        f"{known.grid.describe()}), {source.ct or source.origin} is another (hash "
        f"{image_sha256[:12]}, {grid.describe()}); a CT never changes under its case, give it "
        "a new name."
    )


def check_grid(source: CaseSource, known: KnownCase, grid: Grid) -> None:
    """RuleError when a known case comes with a CT on another grid."""
    if not grid.is_near(known.grid):
        raise RuleError(
            f"the CT of this case was expected ({known.grid.describe()}), "
            f"{source.ct or source.origin} is another ({grid.describe()}); a CT never changes "
            "under its case, give it a new name."
        )


def moved_error(source: CaseSource, known: KnownCase, grid: Grid) -> RuleError:
    """The refusal of a known case's voxels in another place."""
    return RuleError(
        f"the CT of this case was expected at {known.grid.describe()}, {source.ct or source.origin}"
        f" has its voxels at {grid.describe()}; a CT never moves under its case, mend the file's "
        "geometry."
    )


def duplicate_error(source: CaseSource, owner: Owner) -> DuplicateCtError:
    """The refusal of a CT that another case holds already."""
    return DuplicateCtError(
        f"a CT that no other case holds was expected, {source.ct or source.origin} of case "
        f"{source.name} (patient {source.patient}) is the CT of case {owner.case} (patient "
        f"{owner.patient}); import further labels under that name."
    )
