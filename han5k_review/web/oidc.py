"""OpenID Connect (Core 1.0, code flow with PKCE): the hospital's provider says who is there."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from han5k_review.accounts.hospital import HospitalPerson
from han5k_review.errors import ConfigError, SignInError

_SECONDS = 10
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_CLOCK_SLACK_S = 120
_NO_GOOD = (AuthlibBaseError, JoseError, OSError, KeyError, TypeError, ValueError)
_AGAIN = "try again, or ask your IT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What one sign-in took along to the provider, and must find again in the answer."""

    state: str
    nonce: str
    verifier: str
    next_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The hospital's provider, and what this study is there. Every call may take seconds."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    answer_url: str
    name_claim: str
    groups_claim: str

    def send_off(self, next_path: str) -> tuple[str, Errand]:
        """Where to send the browser, and what it takes along."""
        errand = Errand(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            next_path=next_path,
        )
        digest = hashlib.sha256(errand.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.answer_url,
            "scope": "openid profile",
            "state": errand.state,
            "nonce": errand.nonce,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        with self._open() as session:
            address = self._describe(session)["authorization_endpoint"]
        mark = "&" if "?" in address else "?"
        return f"{address}{mark}{urlencode(asked)}", errand

    def receive(self, code: str, errand: Errand) -> HospitalPerson:
        """Who came back with this code; SignInError when the provider's word does not hold."""
        with self._open() as session:
            about = self._describe(session)
            try:
                token = session.fetch_token(
                    about["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=errand.verifier,
                    timeout=_SECONDS,
                )
                known = cast(KeySetSerialization, self._get(session, about["jwks_uri"]))
                keys = KeySet.import_key_set(known)
                claims = jwt.decode(token["id_token"], keys, algorithms=_ALGORITHMS).claims
                jwt.JWTClaimsRegistry(
                    leeway=_CLOCK_SLACK_S,
                    iss={"essential": True, "value": self.issuer},
                    aud={"essential": True, "value": self.client_id},
                    sub={"essential": True},
                    exp={"essential": True},
                    nonce={"essential": True, "value": errand.nonce},
                ).validate(claims)
            except _NO_GOOD as error:
                raise SignInError(
                    "The hospital's sign-in was expected to vouch for you, its answer does not "
                    f"hold ({type(error).__name__}); {_AGAIN}."
                ) from error
            told = dict(claims)
            if self.name_claim not in told or self.groups_claim not in told:
                more = self._get(session, about.get("userinfo_endpoint", ""))
                told = more | told if more.get("sub") == told["sub"] else told
        return self._build_person(told)

    def _build_person(self, claims: dict[str, Any]) -> HospitalPerson:
        name, groups = claims.get(self.name_claim), claims.get(self.groups_claim, [])
        if not isinstance(name, str):
            raise SignInError(f"The hospital's sign-in says no {self.name_claim} of you; {_AGAIN}.")
        listed = groups if isinstance(groups, list) else [groups]
        return HospitalPerson(
            subject=f"{self.issuer} {claims['sub']}",
            name=name,
            groups=[group for group in listed if isinstance(group, str)],
        )

    def _open(self) -> OAuth2Session:
        return OAuth2Session(self.client_id, self.client_secret, redirect_uri=self.answer_url)

    def _describe(self, session: OAuth2Session) -> dict[str, Any]:
        about = self._get(session, f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if about.get("issuer") != self.issuer or not all(
            isinstance(about.get(name), str) for name in needed
        ):
            raise SignInError(
                f"A description of {self.issuer} was expected, found another; {_AGAIN}."
            )
        return about

    def _get(self, session: OAuth2Session, url: str) -> dict[str, Any]:
        try:
            found = session.get(
                url, timeout=_SECONDS, allow_redirects=False, withhold_token=not session.token
            )
            found.raise_for_status()
            content = found.json()
        except (AuthlibBaseError, OSError, ValueError) as error:
            raise SignInError(f"The hospital's sign-in does not answer; {_AGAIN}.") from error
        if not isinstance(content, dict):
            raise SignInError(f"The hospital's sign-in answers something else; {_AGAIN}.")
        return content


def check_issuer(issuer: str) -> str:
    """The issuer as it is; ConfigError unless it is https, or on this machine."""
    parts = urlsplit(issuer)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigError(f"HAN5K_OIDC_ISSUER: an https address was expected, found {issuer!r}.")
    return issuer
