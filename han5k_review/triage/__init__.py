"""Triage: which contours may be wrong, why in words, and in which order cases are read.

Measured alone, in the CT, in the body and beside each other (`measuring`), judged by rules of
anatomy and by other patients (`cohort`), and, once readers have graded, by what they asked to
revise (`learned`). In use:

    with open_workforce(4) as workforce:
        report = run_triage(study, catalogue, workforce=workforce, actor="lead")
    with reading(study.engine) as session:
        list_doubts(session, [77])  # {77: ("Its volume is 3.1 standard deviations below ...",)}
"""
