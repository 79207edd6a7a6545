"""Cases from memory are stored by the same rules as files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from han5k_review.anatomy.structure import StructureName
from han5k_review.errors import RuleError
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.importing.made_cases import MadeCase, store_case
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Split
from tests.imaging.phantoms import phantom_grid, phantom_hu, phantom_labels
from tests.importing.case_files import content
from tests.importing.conftest import NOON


def made_case() -> MadeCase:
    mask = StructureMask.from_dense(phantom_labels() == 1, phantom_grid())
    return MadeCase(
        name="HN-1",
        patient="P1",
        split=Split.TRAIN,
        volume=CtVolume(grid=phantom_grid(), hu=phantom_hu()),
        pseudo={StructureName("ParotidL"): mask},
        reference={},
        origin="a test",
    )


def test_a_made_case_is_stored_once(study: Study) -> None:
    assert store_case(study, made_case(), actor="anna", now=NOON)
    before = content(study)
    assert len(before["versions"]) == 1
    assert not store_case(study, made_case(), actor="anna", now=NOON)
    assert content(study) == before


def test_another_ct_under_its_name_or_its_ct_under_another_name_is_refused(study: Study) -> None:
    store_case(study, made_case(), actor="anna", now=NOON)
    rows = {key: content(study)[key] for key in ("cases", "versions", "audits")}
    changed = CtVolume(grid=phantom_grid(), hu=(phantom_hu() + 1).astype(np.int16))
    with pytest.raises(RuleError, match="a CT never changes under its case"):
        store_case(study, replace(made_case(), volume=changed), actor="anna", now=NOON)
    with pytest.raises(RuleError, match="is the CT of case HN-1"):
        store_case(study, replace(made_case(), name="HN-2"), actor="anna", now=NOON)
    assert {key: content(study)[key] for key in rows} == rows
