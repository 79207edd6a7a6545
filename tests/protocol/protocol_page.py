"""The script of the test of the protocol page: its parts, as the lead sees them."""

from __future__ import annotations

from sqlmodel import col, select

from han5k_review.accounts.identity import build_identity
from han5k_review.protocol.record import build_protocol, find_freeze, find_version, read_facts
from han5k_review.store.engine import reading
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import Role
from han5k_review.ui.protocol.form import Standing, ask_protocol, show_saving
from han5k_review.ui.protocol.reads_view import show_assigning_by_protocol
from han5k_review.ui.protocol.size_view import show_size
from han5k_review.ui.visit import Visit, open_bench

bench = open_bench()
with reading(bench.study.engine) as session:
    readers = list(session.exec(select(Reader).order_by(col(Reader.id))))
    lead = next(one for one in readers if one.role is Role.LEAD)
    present = find_version(session)
    standing = Standing(
        number=0 if present is None else present.number,
        protocol=None if present is None else build_protocol(present),
        frozen_at_utc=find_freeze(session),
    )
    facts = read_facts(session, bench.study)
visit = Visit(bench=bench, identity=build_identity(lead))
protocol = ask_protocol(standing, facts)
if show_saving(visit, standing, protocol, facts):
    show_size(protocol, cases=12, readers=4)
if present is not None:
    show_assigning_by_protocol(visit, readers)
