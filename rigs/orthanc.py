"""A real DICOMweb server: Orthanc with its plugin, from Debian's packages, on a free port."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from rigs.server import find_free_port

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_USER, _PASSWORD = "clinic", "kept in the environment"
_PROBES, _PROBE_SECONDS = 300, 0.1
# Refuses what this patient sends, as an archive with rules of its own does.
REFUSED_PATIENT = "REFUSED"
_LUA = f"""
function ReceivedInstanceFilter(dicom, origin, info)
  return dicom.PatientID ~= '{REFUSED_PATIENT}'
end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orthanc:
    """A running server: its DICOMweb root, and the header that opens it."""

    url: str
    authorization: str

    def ask(self, method: str, path: str, **settings: object) -> httpx.Response:
        """A request to Orthanc's own interface, below the server's root."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.request(
                method,
                f"{self.url.removesuffix('/dicom-web')}/{path}",
                headers={"Authorization": self.authorization},
                **settings,  # type: ignore[arg-type]
            )

    def clear(self) -> None:
        """Forget all patients."""
        for patient in self.ask("GET", "patients").json():
            self.ask("DELETE", f"patients/{patient}")

    def put(self, folder: Path) -> None:
        """Store the files of a folder tree."""
        for file in sorted(folder.rglob("*.dcm")):
            self.ask("POST", "instances", content=file.read_bytes()).raise_for_status()


@contextmanager
def running_orthanc(folder: Path) -> Iterator[Orthanc]:
    """Serve an empty archive that lies in `folder`; FileNotFoundError says what to install."""
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    if program is None or not PLUGIN.is_file():
        raise FileNotFoundError(
            "Orthanc with its DICOMweb plugin was expected, found none; install the packages "
            "orthanc and orthanc-dicomweb."
        )
    port = find_free_port()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "filter.lua").write_text(_LUA)
    settings = {
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {_USER: _PASSWORD},
        "LuaScripts": [str(folder / "filter.lua")],
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    secret = base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()
    server = Orthanc(url=f"http://127.0.0.1:{port}/dicom-web", authorization=f"Basic {secret}")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, str(folder / "orthanc.json")], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(server, process, folder / "log")
        yield server
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(server: Orthanc, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(_PROBES):
        try:
            if server.ask("GET", "system").status_code == 200:
                return
        except httpx.TransportError:
            pass
        try:
            process.wait(timeout=_PROBE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        break
    raise RuntimeError(f"Orthanc did not come up:\n{log.read_text()}")
