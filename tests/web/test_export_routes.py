"""The exports and the report as downloads: for those who may export, and for nobody else."""

from __future__ import annotations

from tests.web.bench import WebBench
from tests.web.conftest import Visit


def test_the_report_is_a_download_for_those_who_may_export(bench: WebBench, visit: Visit) -> None:
    address = "/api/exports/han5k-review.html"
    assert visit("anna").get(address).status_code == 403
    answer = visit("lena").get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"].endswith('.html"')
    assert answer.text.startswith("<!DOCTYPE html>")
    assert visit("lena").get("/api/exports/han5k-review.pdf").status_code == 404
