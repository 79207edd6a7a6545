"""The study's key is made once and is its owner's alone."""

from __future__ import annotations

import multiprocessing
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from han5k_review.accounts.study_key import read_or_create_key
from han5k_review.errors import ConfigError, Han5kError, StorageError


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    key = read_or_create_key(file)
    assert (read_or_create_key(file), len(key)) == (key, 32)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as processes:
        keys = set(processes.map(read_or_create_key, [tmp_path / "secret.key"] * 16))
    assert len(keys) == 1


@pytest.mark.parametrize("content", [b"", b"abc", b"zz" * 32, b"\xff" * 64, b"ab" * 16])
def test_a_damaged_key_is_said_to_be_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="delete the file"):
        read_or_create_key(path)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    read_or_create_key(tmp_path / "secret.key")
    (tmp_path / "secret.key").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_or_create_key(tmp_path / "secret.key")


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"secret\.key") as error:
        read_or_create_key(tmp_path / "gone" / "secret.key")
    assert isinstance(error.value, Han5kError)
