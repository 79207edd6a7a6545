"""Drafts: a correction from its first stroke until it is submitted.

A draft is a base contour and a journal of patches; nothing is lost when a browser dies, and only
the tab that holds the lease writes. `opening` begins and ends drafts, `leases` says whose turn it
is, `patches` journals strokes, `journal` makes the mask of them, `submission` makes a revision.

Each stroke is one transaction:

    draft = open_draft(session, assignment, request, reader=reader, rules=rules, now=now)
    receipt = append_patches(session, labels, shelf, batch, grid=grid, rules=rules, now=now)
    session.commit()                      # now the browser may be told
    shelf.put(draft.id, receipt.draft_mask)
"""
