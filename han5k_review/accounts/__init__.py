"""Accounts: password hashes, roles and what they may do, the signed cookie of a sign-in.

In use:

    attempt = authenticate(session, "anna", password)
    record_attempt(session, attempt, now)
    if attempt.identity is not None and may(attempt.identity, Action.GRADE):
        cookie = open_seal(study.root, hours).issue_cookie(attempt.identity, now)
"""
