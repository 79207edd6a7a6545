"""The requests of MONAI Label's plugin for 3D Slicer, as its client (0.8.5) sends them.

Checked against `MONAILabelLib/client.py`: `http.client` over a path below the server's address, no
`Origin`, no cookie; a form of its own with a fixed boundary and whole paths as file names;
headers kept from call to call, so that a GET after a PUT still says the PUT's content length. The
CT is fetched by `urllib` without any header of the client's.
"""

from __future__ import annotations

import email
import http.client
import json
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

BOUNDARY = "----------lImIt_of_THE_fIle_eW_$"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)

    def parts(self) -> dict[str, tuple[str | None, bytes]]:
        """Name -> file name and content, of a multipart answer."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        found = email.message_from_bytes(head + self.content).get_payload()
        return {
            str(part.get_param("name", header="content-disposition")): (
                part.get_filename(),
                part.get_payload(decode=True),
            )
            for part in found
        }


def build_body(fields: dict[str, str], files: dict[str, tuple[str, bytes]]) -> bytes:
    """A form as the client writes it."""
    lines: list[bytes] = []
    for name, value in fields.items():
        lines += [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode(), b""]
        lines.append(value.encode())
    for name, (file_name, content) in files.items():
        place = f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"'
        kind = "Content-Type: application/octet-stream"
        lines += [f"--{BOUNDARY}\r\n{place}\r\n{kind}".encode(), b"", content]
    return b"\r\n".join([*lines, f"--{BOUNDARY}--".encode(), b"", b""])


@dataclass(slots=True, kw_only=True)
class Plugin:
    """One client, given the address that a person types into 3D Slicer."""

    server: str
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, selector: str, body: bytes | None = None, kind: str = "") -> Answer:
        parts = urlsplit(self.server)
        if body is not None:
            self.headers |= {"content-type": kind, "content-length": str(len(body))}
        line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            line.request(method, parts.path.rstrip("/") + selector, body, self.headers)
            answer = line.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(status=answer.status, headers=headers, content=answer.read())
        finally:
            line.close()

    def sign_in(self, name: str, password: str) -> Answer:
        form = {"username": name, "password": password, "grant_type": "password"}
        kind = "application/x-www-form-urlencoded"
        answer = Plugin(server=self.server).call(
            "POST", "/auth/token", urlencode(form).encode(), kind
        )
        if answer.status == 200:
            token = answer.json()
            self.headers["Authorization"] = f"{token['token_type']} {token['access_token']}"
        return answer

    def next_sample(self, strategy: str) -> Answer:
        told = json.dumps({"client_id": "user-xyz"}).encode()
        return self.call(
            "POST", f"/activelearning/{quote_plus(strategy)}", told, "application/json"
        )

    def download_image(self, image: str) -> bytes:
        address = f"{self.server}/datastore/image?image={quote_plus(image)}"
        with urllib.request.urlopen(address, timeout=60) as answer:
            return bytes(answer.read())

    def infer(self, model: str, image: str) -> Answer:
        told = {"result_extension": ".nrrd", "result_dtype": "uint8", "client_id": "user-xyz"}
        selector = f"/infer/{quote_plus(model)}?image={quote_plus(image)}"
        return self.call("POST", selector, build_body({"params": json.dumps(told)}, {}), FORM)

    def save_label(self, image: str, file: Path, names: dict[str, int]) -> Answer:
        info = [{"name": name, "idx": value} for name, value in names.items()]
        told = {"label_info": info, "model": "", "client_id": "user-xyz"}
        body = build_body({"params": json.dumps(told)}, {"label": (str(file), file.read_bytes())})
        return self.call("PUT", f"/datastore/label?image={quote_plus(image)}", body, FORM)
