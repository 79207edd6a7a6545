"""Proposing: what is systematic in accepted revisions of a structure, drawn in other cases.

`box`, `features` and `learning` are pure; `plan` says which revisions teach and which cases may get
a proposal, `rounds` learns and stores, `deciding` is what people do with proposals. Where they
stand is in `review/proposals.py`. A proposal is no grade, no contour under review and no revision
until a person takes it.

    report = make_round(study, "ParotidL", actor="lead", clock=utc_now)
    take_proposal(session, study.labels, proposal_id=1, reader=adjudicator, now=utc_now())
"""
