"""The tables of sign-ins and personal tokens that are open, or were."""

from datetime import datetime

from sqlmodel import JSON, Field, SQLModel

from han5k_review.store.columns import UtcDateTime, utc_now


class SignInSession(SQLModel, table=True):
    """One sign-in of one browser. Its cookie holds a random value, the row only the value's hash.

    `seen_at_utc` is the last use, at most a minute behind; `ended_by` the account that ended it
    (the person, a lead, or an account of the operating system).
    """

    __tablename__ = "sign_in_session"
    id: int | None = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True)
    reader_id: int = Field(foreign_key="reader.id", index=True)
    address: str
    user_agent: str
    made_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    seen_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    ended_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None


class SignInCount(SQLModel, table=True):
    """How often signing in went wrong for one key, and until when that key has to wait.

    A key is a name with an address, an address, or a browser; only its keyed hash is stored, since
    what is typed as a name may be a password.
    """

    __tablename__ = "sign_in_count"
    id: int | None = Field(default=None, primary_key=True)
    key_hash: str = Field(unique=True)
    failures: int
    last_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    waits_until_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PersonalToken(SQLModel, table=True):
    """A way in for a program of one person. Its value is shown once; the row holds its hash only.

    `scopes` are values of `Scope`; `seen_at_utc` is the last use, at most a minute behind (None:
    never used), `address` where it came from.
    """

    __tablename__ = "personal_token"
    id: int | None = Field(default=None, primary_key=True)
    token_sha256: str = Field(unique=True)
    reader_id: int = Field(foreign_key="reader.id", index=True)
    name: str
    scopes: list[str] = Field(sa_type=JSON)
    made_at_utc: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at_utc: datetime = Field(sa_type=UtcDateTime)
    seen_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    address: str = ""
    ended_at_utc: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None
