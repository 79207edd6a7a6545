"""Teaching: which contours may teach a model, and which one of two models is better.

Trust is decided per structure of a case from its grades, revisions and references; the snapshot
freezes the decision for a run; the gate compares before and after on the held-out cases.

    records = read_records(session, {"Parotid_L"})
    judge(records[case_id, "Parotid_L"])  # Trust(trusted=True, reason="revision accepted", ...)
    judge_run(session, run_id)  # one verdict per structure: pass, fail, too few cases
"""
