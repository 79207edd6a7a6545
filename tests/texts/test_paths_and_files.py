"""Files under the names that people write, and the letters in them."""

from __future__ import annotations

import errno
import os
import unicodedata
from pathlib import Path

import pytest

from han5k_review.errors import DataError
from han5k_review.texts.paths import find_written_path, say_cause
from han5k_review.texts.text_files import read_text


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def test_a_cause_does_not_name_the_path_again(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as gone:
        (tmp_path / "none").read_bytes()
    assert say_cause(gone.value) == os.strerror(errno.ENOENT)
    assert say_cause(KeyError("labels")) == "no 'labels' in it"
    assert say_cause(ValueError("too short")) == "too short"


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_a_file_is_found_in_either_form_of_its_name(
    tmp_path: Path, stored: str, asked: str
) -> None:
    folder = tmp_path / unicodedata.normalize(stored, "Prüfung Ü")
    folder.mkdir()
    file = folder / unicodedata.normalize(stored, "Müller.nii.gz")
    file.touch()
    wanted = unicodedata.normalize(asked, "Prüfung Ü/Müller.nii.gz")
    assert find_written_path(tmp_path, wanted).samefile(file)
    assert find_written_path(tmp_path, wanted.replace("/", "\\")).samefile(file)
    assert find_written_path(Path("elsewhere"), str(tmp_path / wanted)).samefile(file)


def test_of_two_files_whose_names_look_alike_the_one_that_was_written_is_taken(
    tmp_path: Path,
) -> None:
    for name in ("Ä.csv", nfd("Ä.csv")):
        (tmp_path / name).write_text(name)
        assert find_written_path(tmp_path, name).read_text() == name


@pytest.mark.parametrize(
    "text", ["none/ct.nii.gz", "~nobody-here/ct", "a" * 300, "a\0b", "a?b#c%d"]
)
def test_what_is_not_there_comes_back_as_written(tmp_path: Path, text: str) -> None:
    assert find_written_path(tmp_path, text) == tmp_path / text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_text_is_read_by_its_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "password"
    path.write_bytes("geheim-Ä\r\n".encode(encoding))
    assert read_text(path) == "geheim-Ä\r\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("geheim-Ä\n".encode("latin-1"), "line 1: text in UTF-8 was expected"),
        ("a\nb\n".encode("utf-16-le"), "zero bytes"),
    ],
)
def test_an_undeclared_encoding_is_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_text(path)
    with pytest.raises(DataError, match="No such file"):
        read_text(tmp_path / "none")
