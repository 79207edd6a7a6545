"""What is replayed: a sample, spread and renewed, that structures leave gradually."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from han5k_review.retraining.jobs.tasks import TrainCase, TrainJob
from han5k_review.retraining.network.training.dataset import locate_classes
from han5k_review.retraining.runs.resource_estimate import (
    CaseSize,
    describe_needs,
    estimate_needs,
)
from han5k_review.retraining.settings import resolve_settings
from han5k_review.retraining.teaching.replay import (
    Candidate,
    balance_weight,
    choose_cases,
    choose_seed,
    find_odd,
    is_kept,
    measure_replay_share,
    share_out,
)

COMMON = frozenset({"BrainStem", "ParotidL"})
COHORT = [
    Candidate(
        case=f"{'LYON' if n % 4 else 'ROMA'}-{n:04d}",
        structures=COMMON | ({"Chiasm"} if n % 40 == 0 else set()),
        accepted=n < 20,
    )
    for n in range(3346)
]


def test_a_sample_is_spread_over_sites_and_rare_structures_and_takes_accepted_ones_first() -> None:
    names = choose_cases(COHORT, 150, 1)
    chosen = [c for c in COHORT if c.case in names]
    assert len(chosen) == 150
    assert sum(c.accepted for c in chosen) == 20
    sites = Counter(c.site for c in chosen if not c.accepted)
    assert sites["ROMA"] in (32, 33), "a quarter of 130"
    # 2.5 % of cases have a chiasm, all of one site; chance would choose three or four
    assert sum("Chiasm" in c.structures for c in chosen) >= 30


def test_another_seed_is_another_sample_and_the_same_seed_the_same() -> None:
    first, again, other = (choose_cases(COHORT, 150, seed) for seed in (1, 1, 2))
    assert first == again
    assert len(first & other) < 100
    assert choose_cases(COHORT[:100], 150, 1) == {c.case for c in COHORT[:100]}
    assert choose_seed(0, [3, 7]) == 8
    assert choose_seed(5, [3, 7]) == 5


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20])
def test_shares_add_up_and_never_exceed_a_site(count: int) -> None:
    sizes = {"A": 1, "B": 4, "C": 15}
    shares = share_out(count, sizes)
    assert sum(shares.values()) == count
    assert all(shares[site] <= size for site, size in sizes.items())
    assert share_out(20, sizes) == sizes


def test_a_structure_leaves_replay_with_what_people_accept() -> None:
    assert measure_replay_share(0, 0) == 1
    assert measure_replay_share(39, 1) == pytest.approx(41 / 42)
    assert measure_replay_share(0, 8) == pytest.approx(0.2)
    kept = sum(is_kept(1, (case, "ParotidL"), 0.2) for case in range(4000))
    assert abs(kept - 800) < 4 * (4000 * 0.2 * 0.8) ** 0.5
    assert not is_kept(1, (1, "ParotidL"), 0.0)
    assert is_kept(1, (1, "ParotidL"), 1.0)


def test_empty_and_odd_volumes_are_not_replayed() -> None:
    volumes = {n: 20.0 + n % 5 for n in range(30)}
    assert find_odd(volumes) == frozenset()
    assert find_odd({**volumes, 90: 0.0, 91: 60.0, 92: 6.0}) == {90, 91, 92}
    assert find_odd({1: 20.0, 2: 90.0}) == frozenset(), "two do not tell what is usual"


def test_revised_cases_fill_half_of_the_batches() -> None:
    assert balance_weight(2, revised=1, others=150) == 150
    assert balance_weight(2, revised=40, others=150) == 4
    assert balance_weight(2, revised=400, others=150) == 2
    assert balance_weight(2, revised=0, others=150) == 2


def test_a_run_of_the_whole_cohort_takes_less_than_sixty_gigabytes() -> None:
    radcure = CaseSize(shape_ijk=(512, 512, 181), spacing_mm=(0.98, 0.98, 2.0))
    settings = resolve_settings("adapt")
    taught = [radcure] * (settings.replay_cases + 40)
    needs = estimate_needs(taught, [radcure], 27, settings, "cuda:0")
    # 190 cases x 47,448,064 voxels x 6 bytes = 54.1 GB, 1 GB of weights and 1 to spare
    told = describe_needs(needs, 80.0, "cuda:0")
    assert told.startswith("On cuda:0 it needs about 56.1 GB of disk (80 GB are free) and ")
    assert needs.disk_gb <= 60


def test_patches_are_centred_on_what_people_drew() -> None:
    case = TrainCase(name="A", image_sha256="0", masks={}, revised=("ParotidL",))
    job = TrainJob(
        volumes="v",  # type: ignore[arg-type]
        masks="m",  # type: ignore[arg-type]
        labels={"BrainStem": 1, "ParotidL": 2},
        inside={},
        cases=(case,),
        settings=resolve_settings("smoke"),
        device="cpu",
    )
    seg = np.zeros((1, 2, 2, 3), dtype=np.int16)
    seg[0, 0, 0], seg[0, 1, 1, 0] = 1, 3
    ignoring = {"labels": {"ignore": 3}}
    assert len(locate_classes(job, case, seg, {"labels": {}})[1]) == 3, (
        "nothing of the revision is here"
    )
    seg[0, 1, 0] = 2
    found = locate_classes(job, case, seg, ignoring)
    assert found[1] == []
    assert {tuple(place) for place in found[2]} == {(0, 1, 0, k) for k in range(3)}
    assert len(found[-1, 0, 1, 2]) == 11, "all but the ignored voxel"
