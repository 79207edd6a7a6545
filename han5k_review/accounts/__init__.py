"""Accounts: password hashes, roles and what they may do, the signed cookie of a sign-in."""
