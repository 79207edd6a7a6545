"""The collector is paused while many objects are made, and goes on whatever happens."""

from __future__ import annotations

import gc

import pytest

from han5k_review.store.many_objects import many_objects


def test_the_collector_goes_on_after_the_last_block_and_after_an_error() -> None:
    assert gc.isenabled()
    with many_objects():
        with pytest.raises(ValueError, match="broken"), many_objects():
            raise ValueError("broken")
        assert not gc.isenabled()
    assert gc.isenabled()
