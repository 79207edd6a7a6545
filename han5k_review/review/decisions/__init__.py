"""Decisions: revisions that were submitted, what an adjudicator says of them, and locks.

Rows are only added; what is accepted in the end is asked of `review/accepted.py` alone. Nothing
here knows of drafts.

    revision = submit_revision(session, edit, reader=reader, now=now)
    decide(session, revision.id, accept=True, by=adjudicator, reason="", now=now)
    session.commit()                      # the structure is locked with the accepted contour
"""
