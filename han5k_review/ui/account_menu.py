"""Who is signed in, and the way out, at the right end of every page's header."""

from __future__ import annotations

from html import escape

import streamlit as st

from han5k_review.accounts.identity import ReaderIdentity

# Streamlit's header lies at 999990. What the block holds lies above the page, so it takes no room.
_CSS = """<style>
[data-testid="stElementContainer"]:has(.han5k-who) {position: absolute;}
[data-testid="stToolbar"] {padding-right: 15rem;}
.han5k-who {position: fixed; top: 0; right: 1rem; height: 3.75rem; z-index: 999991; margin: 0;
  display: flex; align-items: center; gap: .75rem; font-size: .875rem;}
.han5k-who span {max-width: 10rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  color: light-dark(#59616c, #a5acb8);}
.han5k-who button {font: inherit; color: inherit; background: none; cursor: pointer;
  min-height: 32px; padding: 0 .75rem; border-radius: 4px; white-space: nowrap;
  border: 1px solid light-dark(#8a919c, #59616c);}
.han5k-who button:is(:hover, :focus-visible) {border-color: light-dark(#2368a8, #5aa2e0);}
</style>"""


def show_who(identity: ReaderIdentity) -> None:
    """Name and role, and a button that signs out in one click.

    Where edits are not submitted, the button leads to the page that says so.
    """
    role = identity.role.value
    st.html(
        f'{_CSS}<form class="han5k-who" method="post" action="/sign-out">'
        f'<span data-testid="who" title="{escape(identity.name)}, {role}">'
        f"{escape(identity.name)}, {role}</span>"
        '<input type="hidden" name="where" value="unless-edits-wait">'
        '<button type="submit" data-testid="sign-out">Sign out</button></form>'
    )
