"""One visit on a thin line: from the worklist to a case that is loaded, and what it took."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, CDPSession, Page

from benchmarks.load_parts.study import PASSWORD, name_reader
from benchmarks.viewer_parts.measures import PAUSE_MS, WAIT_FOR_FRAME, WHEEL_AFTER_MS, Wire
from rigs.seeing import FIND_WORKSPACE, look, sign_in

SLOWER, BYTES_S, LATENCY_MS = 4, 20e6 / 8, 40
STEPS, GRADES = 40, 6
# Before the page's own scripts: the clock of the click, of the viewer that stands, of the last slab
# and of each grade. It looks every 50 ms, so that looking itself costs little.
CLOCKS = """window.grades = [];
window.keys = [];
addEventListener("click", (event) => { window.clickedAt = event.timeStamp; }, { capture: true });
addEventListener("keydown", (event) => {
  if (event.key === "1") window.keys.push(event.timeStamp);
}, { capture: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const isGiven = entry.name.endsWith("/grades") && entry.startTime >= window.keys[0];
    if (isGiven) window.grades.push(entry.responseEnd);
  }
}).observe({ type: "resource", buffered: true });
let workspace = null;
const watching = setInterval(() => {
  workspace ??= window.findWorkspace();
  if (!workspace) return;
  window.mountedAt ??= performance.now();
  const [done, all] = (workspace.dataset.loaded ?? "0/1").split("/");
  if (done !== all) return;
  window.loadedAt ??= performance.now();
  clearInterval(watching);
}, 50);"""
# Every step is asked for and timed within the page: a busy machine answers DevTools late.
STEP_ON = f"""async (count) => {{
  const times = [];
  for (let step = 0; step < count; step += 1) {{
    const wheel = step % 10 < 5 ? -120 : 120;
    const after = {WHEEL_AFTER_MS} + 16 * Math.random();
    const [frame] = await ({WAIT_FOR_FRAME})(["ours", "wheel", wheel, after]);
    times.push(frame);
    await new Promise((done) => setTimeout(done, {PAUSE_MS}));
  }}
  return times;
}}"""
LOADED = "() => window.loadedAt !== undefined"


@dataclass(slots=True, kw_only=True)
class Times:
    """Milliseconds by the page's clock, and the megabytes of slabs."""

    mount_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    step_ms: list[float] = field(default_factory=list)
    grade_ms: list[float] = field(default_factory=list)
    whole_ms: list[float] = field(default_factory=list)
    slab_mb: float = 0.0

    def add(self, other: Times) -> None:
        """Join those of another visit."""
        for name in ("mount_ms", "first_ms", "step_ms", "grade_ms", "whole_ms"):
            getattr(self, name).extend(getattr(other, name))
        self.slab_mb = other.slab_mb


def visit_case(context: BrowserContext, url: str, number: int, *, slow: bool) -> Times:
    """Sign in, open the case, and when `slow` look, step and grade while it loads."""
    context.clear_cookies()
    page = context.new_page()
    page.set_default_timeout(180_000)
    page.add_init_script(FIND_WORKSPACE + CLOCKS)
    sign_in(page, url, name_reader(number), PASSWORD)
    session = context.new_cdp_session(page)
    wire = Wire.of(session)
    if slow:
        _slow_down(session)
    page.get_by_test_id("stBaseButton-primary").click()
    page.locator("[data-testid=workspace][data-first-slice-ms]").wait_for()
    times = Times()
    if slow:
        times.step_ms = [float(ms) for ms in page.evaluate(STEP_ON, STEPS)]
        times.grade_ms = _grade(page)
    page.wait_for_function(LOADED)
    clicked, mounted, loaded = (
        float(page.evaluate(f"() => window.{name}"))
        for name in ("clickedAt", "mountedAt", "loadedAt")
    )
    first = page.get_attribute("[data-testid=workspace]", "data-first-slice-ms") or "nan"
    times.mount_ms.append(mounted - clicked)
    times.first_ms.append(float(first))
    times.whole_ms.append(loaded - mounted)
    times.slab_mb = wire.received / 1e6
    page.close()
    return times


def _slow_down(session: CDPSession) -> None:
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY_MS,
            "downloadThroughput": BYTES_S,
            "uploadThroughput": BYTES_S,
        },
    )


def _grade(page: Page) -> list[float]:
    """Milliseconds from each grade key to the end of the answer."""
    for count in range(1, GRADES + 1):
        look(page)
        page.keyboard.press("1")
        page.wait_for_function(f"() => window.grades.length >= {count}")
    answered = page.evaluate("() => window.grades")
    pressed = page.evaluate("() => window.keys")
    return [end - key for key, end in zip(pressed, answered, strict=True)]
