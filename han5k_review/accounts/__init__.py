"""Accounts: password hashes, roles and what they may do, sign-ins that can be ended.

In use:

    attempt = authenticate(session, "anna", password)
    record_attempt(session, attempt, 0, now)
    if attempt.identity is not None and may(attempt.identity, Action.GRADE):
        cookie = open_session(session, attempt.identity, Browser(address="10.0.0.7"), now)
"""
