"""What a person looks at: the first page, the structure before each grade, what is not saved."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from playwright.sync_api import Page, TimeoutError, expect

SLOW = 60_000  # ms: five tries with pauses, or a page that is made anew
# For clocks within a page: `findWorkspace()`, through every shadow root; null where none is yet.
FIND_WORKSPACE = """window.findWorkspace = () => {
  const search = (node) => {
    const found = node.querySelector("[data-testid=workspace]");
    if (found) return found;
    for (const one of node.querySelectorAll("*")) {
      const inner = one.shadowRoot && search(one.shadowRoot);
      if (inner) return inner;
    }
    return null;
  };
  return search(document);
};"""


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    """Sign in through the page, as a person does, until the page where one's work is stands still.

    The home page leads on to it: what is clicked earlier is overtaken by that.
    """
    page.goto(f"{url}/sign-in")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda there: urlsplit(there).path not in ("/", "/sign-in"), timeout=SLOW)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=SLOW)


def let_in(page: Page, url: str, name: str, password: str) -> None:
    """The cookie of a sign-in, without its pages: the next one is opened by its address."""
    answer = page.request.post(
        f"{url}/sign-in",
        form={"name": name, "password": password},
        headers={"Origin": url},
        max_redirects=0,
    )
    if answer.status != 303:
        raise RuntimeError(f"Signing in as {name} gave {answer.status}.")


def look(screen: Page) -> None:
    """Wait until the chosen structure was on the screen long enough to be graded.

    The mark is empty from each choice on until then. It is looked up anew each time: a page that
    changes its case may mount the workspace once more.
    """
    screen.locator('[data-testid=workspace][data-in-sight]:not([data-in-sight=""])').wait_for()


def press_grade(screen: Page, key: str) -> None:
    """Look, then press a grade key."""
    look(screen)
    screen.keyboard.press(key)


def try_until_set_aside(screen: Page) -> None:
    """Let what always fails be tried again without its pauses, as when the network is back."""
    sign = screen.get_by_test_id("unsaved-sign")
    for _ in range(40):
        screen.evaluate("() => window.dispatchEvent(new Event('online'))")
        with suppress(TimeoutError):
            sign.wait_for(timeout=200)
            return
    raise AssertionError("It was never set aside.")


def not_saved(screen: Page, count: int) -> None:
    """Wait until the page says that so many acts are not saved."""
    sign = screen.get_by_test_id("unsaved-sign")
    if count:
        expect(sign).to_have_text(f"{count} not saved", timeout=SLOW)
    else:
        expect(sign).to_be_hidden()
