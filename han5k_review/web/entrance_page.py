"""Our own pages, sign-in, sign-out and the API's: no script, nothing from outside."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import quote

from starlette.responses import HTMLResponse

from han5k_review.review.drafts.unsubmitted import Unsubmitted
from han5k_review.texts.counts import say_count

_SHOWN_DRAFTS = 12

_SIGN_IN = """<form method="post" action="/sign-in">
$wrong
<label for="name">Name</label>
<input id="name" name="name" value="$name" autocomplete="username" maxlength="64" required
 autocapitalize="none" spellcheck="false" $focus_name>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password"
 maxlength="256" required $focus_password>
<input type="hidden" name="next" value="$next">
<button type="submit">Sign in</button>
</form>
$hospital"""

_HOSPITAL = (
    """<p><a href="/sign-in/hospital?next={next}">Sign in with the hospital account</a></p>"""
)

_SIGN_OUT = """$drafts
<form method="post" action="/sign-out">
<button type="submit" name="where" value="here">Sign out</button>
<button type="submit" name="where" value="everywhere">Sign out on all devices</button>
</form>
<p><a href="/">Back</a></p>"""


def sign_in_page(
    *, next_path: str, name: str = "", wrong: str = "", status: int = 200, hospital: bool = False
) -> HTMLResponse:
    """The sign-in form; `wrong` is the one sentence that says why the last try failed.

    With `hospital` a link to the hospital's own sign-in stands below it.
    """
    content = Template(_SIGN_IN).substitute(
        wrong=f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else "",
        name=escape(name),
        next=escape(next_path),
        hospital=_HOSPITAL.format(next=quote(next_path, safe="/")) if hospital else "",
        focus_name="" if name else "autofocus",
        focus_password="autofocus" if name else "",
    )
    return _page("Sign in", "Sign in to review contours.", content, status)


def sign_out_page(name: str, drafts: Sequence[Unsubmitted] = ()) -> HTMLResponse:
    """Two buttons: leave here, or on all devices; above them the edits that are not submitted."""
    content = Template(_SIGN_OUT).substitute(drafts=_say_drafts(drafts))
    return _page("Sign out", f"Signed in as {escape(name)}.", content, 200)


def _say_drafts(drafts: Sequence[Unsubmitted]) -> str:
    if not drafts:
        return ""
    count = say_count(len(drafts), "edit is", "edits are")
    rows = "".join(
        f'<li><a href="/review?assignment={one.assignment_id}">'
        f"{escape(one.case)}: {escape(one.structure)}</a></li>"
        for one in drafts[:_SHOWN_DRAFTS]
    )
    more = len(drafts) - _SHOWN_DRAFTS
    rest = f"<li>and {more} more</li>" if more > 0 else ""
    return (
        f'<div class="drafts" role="status"><p>{count} not submitted:</p><ul>{rows}{rest}</ul>'
        "<p>Open one to submit or discard it. Signing out keeps them as drafts.</p></div>"
    )


def reference_page(content: str) -> HTMLResponse:
    """The API, route by route; `content` is what `web.description` renders."""
    lead = (
        "Every route, for programs of your own. They come with a personal token (page "
        '<a href="/account">Account</a>): <code>Authorization: Bearer han5k_...</code>. The same '
        'as <a href="/api/openapi.json">OpenAPI</a>.'
    )
    return _page("The API", lead, content, 200, frame="reference.html")


def _page(
    title: str, lead: str, content: str, status: int, *, frame: str = "entrance.html"
) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    text = _frame(frame).substitute(title=title, lead=lead, content=content, nonce=nonce)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return HTMLResponse(
        text,
        status_code=status,
        headers={
            "Content-Security-Policy": policy,
            "X-Frame-Options": "DENY",
            "Cache-Control": "no-store",
        },
    )


@cache
def _frame(name: str) -> Template:
    return Template(files("han5k_review.web").joinpath(name).read_text("utf-8"))
