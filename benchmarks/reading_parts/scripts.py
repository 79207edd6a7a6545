"""What the browser measures itself: scripts for the page of the workspace."""

from __future__ import annotations

TWO_FRAMES = "new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"


# The time from a key until the workspace has drawn another structure, by the browser's own clock.
PRESSED = """() => {
  window.keyTimes = [];
  new MutationObserver(() => {
    if (window.pressedAt === null) return;
    window.keyTimes.push(performance.now() - window.pressedAt);
    window.pressedAt = null;
  }).observe(window.findWorkspace(), { attributeFilter: ["data-chosen"] });
}"""


# Before the page's own scripts: its listener lets no other one hear a key after it.
FIND = """window.pressedAt = null;
addEventListener("keydown", (event) => {
  if (/^[0-9]$/.test(event.key)) window.pressedAt = performance.now();
}, { capture: true });
window.findWorkspace = () => {
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
