"""A real DICOMweb server: `han5k import --dicomweb` and `han5k contours --to-dicomweb`."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pydicom
import pytest

from han5k_review.cli.main import main
from han5k_review.errors import Han5kError, ServerError
from han5k_review.imaging.dicom.web_server import WebServer
from han5k_review.imaging.dicom.web_sessions import WebAccess
from han5k_review.importing.remote_imports import RemoteOrder, import_remote
from han5k_review.importing.remote_patients import build_remote_patients
from han5k_review.importing.tree_sources import TreeChoice
from han5k_review.settings import get_settings
from han5k_review.store.study import Study
from han5k_review.study import read_study_catalogue
from rigs.crooked_server import crooked, reply
from rigs.orthanc import REFUSED_PATIENT, Orthanc, running_orthanc
from tests.cli.planted_patients import write_dose, write_patient
from tests.importing.case_files import content, run
from tests.importing.conftest import NOON, make_import_study, more_structures
from tests.importing.test_dicom import PLANTED, dicom_source, patient

__all__ = ["make_import_study", "more_structures", "patient"]


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture
def archive(orthanc: Orthanc, monkeypatch: pytest.MonkeyPatch) -> Iterator[Orthanc]:
    """The server without a patient, its door in the environment."""
    orthanc.clear()
    monkeypatch.setenv("HAN5K_DICOMWEB_URL", orthanc.url)
    monkeypatch.setenv("HAN5K_DICOMWEB_AUTHORIZATION", orthanc.authorization)
    get_settings.cache_clear()
    yield orthanc
    get_settings.cache_clear()


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def call(study: Study, *words: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main((*map(str, words), "--study", str(study.root)))
        printed = capfd.readouterr()
        return int(ended.value.code or 0), " ".join((printed.out + printed.err).split())

    return call


def test_patients_come_from_the_server_and_no_name_comes_with_them(
    make_import_study,
    archive: Orthanc,
    tmp_path: Path,
    command: Callable[..., tuple[int, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    study = make_import_study()
    write_dose(write_patient(tmp_path / "one", 1), 1)
    archive.put(tmp_path / "one")
    archive.put(write_patient(tmp_path / "two", 2, gap=True))
    archive.put(write_patient(tmp_path / "three", 3, contours=0))
    spool, who = tmp_path / "spool", tmp_path / "who.csv"
    words = ("import", "--dicomweb", "setting", "--spool", spool)
    code, said = command(study, *words, "--dry-run", "--who", who)
    assert (code, content(study)["cases"]) == (0, [])
    assert "3 patients at the server." in said
    assert "1 CT series (5 images), 1 series of contours" in said
    assert "1 CT series (6 images), 1 series of contours, 1 series of doses" in said
    behind = dict(line.split(",") for line in who.read_text().splitlines()[1:])
    assert sorted(behind.values()) == [f"{PLANTED}-{n}" for n in (1, 2, 3)]
    who.unlink()
    with caplog.at_level(logging.DEBUG):
        code, told = command(study, *words)
    assert code == 2
    assert "3 cases: 2 new, 0 changed, 0 unchanged, 1 refused; done." in told
    assert "parotid_l -> ParotidL" in told
    assert "planned dose of up to" in told
    assert len(list(study.doses.folder.rglob("*.npz"))) == 1
    assert "refused (server, P-" in told
    names = {name: who for name, who in behind.items() if who != f"{PLANTED}-2"}
    assert {row[0] for row in content(study)["cases"]} == set(names)  # type: ignore[index]
    assert [row[1:5:3] for row in content(study)["versions"]] == [("ParotidL", 16)]  # type: ignore[index]
    assert list(spool.iterdir()) == []
    study.engine.dispose()
    dump = "\n".join(sqlite3.connect(study.root / "study.sqlite3").iterdump())
    for text in (said, told, caplog.text, dump, *map(str, study.root.rglob("*"))):
        assert PLANTED not in text
        assert archive.authorization not in text
    for file in (f for f in study.root.rglob("*") if f.is_file()):
        assert PLANTED.encode() not in file.read_bytes(), file


def test_what_is_whole_stays_and_what_the_server_changed_comes_again(
    make_import_study,
    archive: Orthanc,
    tmp_path: Path,
    command: Callable[..., tuple[int, str]],
) -> None:
    study = make_import_study()
    folder = write_patient(tmp_path / "one", 1)
    archive.put(folder)
    words = ("import", "--dicomweb", archive.url, "--patient-id", f"{PLANTED}-1")
    assert "1 new" in command(study, *words)[1]
    assert "1 unchanged, 0 refused" in command(study, *words)[1]
    assert "1 unchanged, 0 refused" in command(study, *words, "--deep")[1]
    archive.clear()
    archive.put(write_patient(tmp_path / "again", 1, contours=2))
    code, told = command(study, *words)
    assert (code, "changed labels, new versions of 1 pseudo-label" in told) == (0, True), told
    code, told = command(study, "import", "--dicomweb", archive.url, "--patient-id", "nobody")
    assert (code, "a CT series was expected, found none" in told) == (2, True)
    code, told = command(study, *words, "--ct", folder)
    assert (code, "Either --dicomweb or --ct" in told) == (2, True)


def test_only_a_few_cases_lie_on_the_disk_at_once(
    make_import_study, archive: Orthanc, tmp_path: Path
) -> None:
    study = make_import_study()
    for number in (1, 2, 3):
        archive.put(write_patient(tmp_path / str(number), number, contours=0))
    server = WebServer(access=WebAccess(url=archive.url, authorization=archive.authorization))
    spool = tmp_path / "spool"
    order = RemoteOrder(server=server, spool=spool, at_once=2)
    patients = build_remote_patients(server.list_series(), study, TreeChoice())
    seen = []

    def told(done: int, total: int) -> None:
        seen.append((done, total, len([path.name for path in spool.glob("*/*")])))

    import_remote(
        study,
        read_study_catalogue(study),
        patients,
        order,
        actor="anna",
        now=lambda: NOON,
        told=told,
    )
    assert seen == [(2, 3, 2), (3, 3, 1)]
    assert list(spool.iterdir()) == []


def ask(url: str, authorization: str | None = None) -> str:
    """The sentence that listing the series of a server is refused with."""
    with pytest.raises(Han5kError) as refused:
        WebServer(access=WebAccess(url=url, authorization=authorization)).list_series()
    return str(refused.value)


def test_each_way_to_fail_is_one_sentence(archive: Orthanc) -> None:
    secret = archive.authorization
    plain = archive.url.removeprefix("http://")
    assert "cannot be reached" in ask("http://127.0.0.1:9/dicom-web")
    assert "does not know you (401)" in ask(archive.url)
    assert "a DICOMweb server was expected" in ask(archive.url.replace("dicom-web", "x"), secret)
    assert "an encrypted connection" in ask(f"https://{plain}", secret)
    assert "without a name and password" in ask(f"http://a:b@{plain}")
    assert "The address of a DICOMweb server" in ask("ftp://here")
    page = b"<html>Sign in, please</html>"
    with crooked(lambda one: reply(one, 200, page, Content_Type="text/html")) as url:
        assert "a DICOMweb server was expected" in ask(url)
    with crooked(lambda one: reply(one, 302, Location=f"{archive.url}/studies")) as url:
        assert "leads to another server" in ask(url, secret)
    with crooked(lambda one: reply(one, 500, b"SECRET^NAME")) as url:
        said = ask(url)
    assert "the error 500" in said
    assert "SECRET" not in said


def test_an_answer_that_is_cut_off_refuses_its_case_and_no_other(
    make_import_study, archive: Orthanc, tmp_path: Path
) -> None:
    study = make_import_study()
    for number in (1, 2):
        archive.put(write_patient(tmp_path / str(number), number, contours=0))

    def forward(one: BaseHTTPRequestHandler) -> None:
        """What Orthanc says, but of the first patient's series the first two thirds."""
        headers = {"Authorization": archive.authorization, "Accept": one.headers["Accept"]}
        with httpx.Client(trust_env=False) as client:
            found = client.get(archive.url + one.path, headers=headers)
        body = found.content
        if one.path.endswith("1.2.4.1/series/1.2.4.1.1"):
            body = body[: 2 * len(body) // 3]
        reply(one, found.status_code, body, Content_Type=found.headers["content-type"])

    with crooked(forward) as url:
        server = WebServer(access=WebAccess(url=url))
        patients = build_remote_patients(server.list_series(), study, TreeChoice())
        order = RemoteOrder(server=server, spool=tmp_path, at_once=1)
        done = import_remote(
            study, read_study_catalogue(study), patients, order, actor="anna", now=lambda: NOON
        )
    assert sorted(str(case.outcome) for case in done.cases) == ["new", "refused"]
    [refused] = [case for case in done.cases if case.refusal]
    assert "cut off" in refused.refusal
    assert refused.origin == "server"


def test_contours_are_stored_and_what_the_server_refuses_is_said(
    make_import_study,
    archive: Orthanc,
    patient: Path,
    command: Callable[..., tuple[int, str]],
) -> None:
    study = make_import_study()
    run(study, dicom_source(study, patient))
    for form in ("rtstruct", "seg"):
        code, said = command(
            study, "contours", "HN-1", "--format", form, "--to-dicomweb", "setting"
        )
        assert (code, "has the object ..." in said) == (0, True), said
    server = WebServer(access=WebAccess(url=archive.url, authorization=archive.authorization))
    stored = {one.modality: one for one in server.list_series()}
    assert {(m, one.patient) for m, one in stored.items()} == {
        ("RTSTRUCT", "HN-1"),
        ("SEG", "HN-1"),
    }
    code, said = command(study, "contours", "HN-1", "--format", "nifti", "--to-dicomweb", "setting")
    assert (code, "--to-dicomweb goes with" in said) == (2, True)
    assert command(study, "contours", "HN-1")[0] == 2
    archive.clear()
    other = make_import_study("other")
    run(other, dicom_source(other, patient, patient=REFUSED_PATIENT))
    code, said = command(other, "contours", "HN-1", "--to-dicomweb", "setting")
    assert (code, "took it, but does not list it" in said) == (2, True)


def test_the_answer_for_each_object_is_read(patient: Path) -> None:
    """Two objects, one refused: the answer of PS3.18 10.5.3 in the DICOM JSON model."""
    one = (patient / "plan" / "rs.dcm").read_bytes()
    uid = str(pydicom.dcmread(patient / "plan" / "rs.dcm").SOPInstanceUID)
    item = {"00081155": {"vr": "UI", "Value": [uid]}, "00081197": {"vr": "US", "Value": [0xA700]}}
    answer = {"00081198": {"vr": "SQ", "Value": [item]}}
    body = json.dumps(answer).encode()
    for status in (202, 409):
        with crooked(
            lambda by, status=status: reply(by, status, body, Content_Type="application/dicom+json")
        ) as url:
            [stored] = WebServer(access=WebAccess(url=url)).store([one])
        assert stored.uid == uid
        assert stored.refusal == "the server says that it has no room (reason A700)"
    with crooked(lambda by: reply(by, 503)) as url, pytest.raises(ServerError, match="error 503"):
        WebServer(access=WebAccess(url=url)).store([one])
