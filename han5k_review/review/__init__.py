"""Reading a case: assignments, grades, drafts, revisions, decisions and locks.

What is accepted is decided in one place, for one case or for all:

    for (case_id, structure), found in list_accepted(session).items():
        print(case_id, structure, found.contour.mask_sha256, found.by)  # locked, or decided last
"""
