"""Signing in by way of the hospital: off to its provider, and back with its word."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from han5k_review.accounts.hospital import admit_person
from han5k_review.accounts.sessions import COOKIE_NAME, Browser, SessionLimits, open_session
from han5k_review.accounts.throttle import fold_address
from han5k_review.errors import AccessError, Han5kError, SignInError
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import Role
from han5k_review.web.entrance_page import sign_in_page
from han5k_review.web.next_path import local_path
from han5k_review.web.oidc import Errand, Provider
from han5k_review.web.set_cookie import set_cookie
from han5k_review.web.sign_in_queue import SignInQueue

HOSPITAL = "/sign-in/hospital"
HOSPITAL_ANSWER = "/sign-in/hospital/answer"
_ERRAND_COOKIE = "han5k_errand"
_ERRAND = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class HospitalEntrance:
    """The endpoints of `/sign-in/hospital`."""

    study: Study
    limits: SessionLimits
    provider: Provider
    roles: Mapping[str, Role]
    key: bytes = field(repr=False)
    queue: SignInQueue = field(
        default_factory=lambda: SignInQueue(together=4, most=32, per_address=32)
    )

    async def leave(self, request: Request) -> Response:
        """Off to the provider, with a cookie that tells the way back from a made-up one."""
        next_path = local_path(request.query_params.get("next"))
        try:
            url, errand = await self.queue.serve(
                _address(request), lambda: self.provider.send_off(next_path)
            )
        except Han5kError as error:
            return sign_in_page(next_path=next_path, wrong=str(error), status=502, hospital=True)
        answer = RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})
        value = str(self._serializer.dumps(astuple(errand)))
        set_cookie(request, answer, _ERRAND_COOKIE, value, _ERRAND)
        return answer

    async def come_back(self, request: Request) -> Response:
        """The provider's answer: a cookie of this study, or the page with a sentence."""
        try:
            errand = self._find_errand(request)
            code = request.query_params.get("code", "")
            browser = Browser(
                address=_address(request), user_agent=request.headers.get("user-agent", "")
            )
            cookie = await self.queue.serve(
                browser.address, lambda: self._sign_in(code, errand, browser)
            )
        except AccessError as error:
            return sign_in_page(next_path="/", wrong=str(error), status=403, hospital=True)
        except Han5kError as error:
            return sign_in_page(next_path="/", wrong=str(error), status=422, hospital=True)
        answer = RedirectResponse(errand.next_path, 303, headers={"Cache-Control": "no-store"})
        set_cookie(request, answer, COOKIE_NAME, cookie, self.limits.lifetime)
        answer.delete_cookie(_ERRAND_COOKIE)
        return answer

    def _find_errand(self, request: Request) -> Errand:
        cookie = request.cookies.get(_ERRAND_COOKIE, "")
        try:
            state, nonce, verifier, next_path = self._serializer.loads(
                cookie, max_age=int(_ERRAND.total_seconds())
            )
        except (BadSignature, ValueError, TypeError) as error:
            raise SignInError(
                "This sign-in took too long or began elsewhere; try again."
            ) from error
        told = request.query_params.get("state", "")
        if not hmac.compare_digest(told.encode("utf-8", "replace"), str(state).encode()):
            raise SignInError("This sign-in began in another window; try again.")
        if "code" not in request.query_params:
            raise SignInError("The hospital did not sign you in; try again, or ask your IT.")
        return Errand(state=state, nonce=nonce, verifier=verifier, next_path=next_path)

    def _sign_in(self, code: str, errand: Errand, browser: Browser) -> str:
        person = self.provider.receive(code, errand)
        with transaction(self.study.engine) as session:
            identity = admit_person(session, person, self.roles, utc_now())
            return open_session(session, identity, browser, utc_now())

    @property
    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self.key, salt="han5k-errand-1", signer_kwargs={"digest_method": hashlib.sha256}
        )


def _address(request: Request) -> str:
    return "" if request.client is None else fold_address(request.client.host)
