"""What is measured in the page: input to frame, bytes on the wire, main-thread time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import CDPSession, Page

# Between a frame and the next step, for each viewer the same: a reader who scrolls on.
PAUSE_MS = 30

# The page tells of its frame by itself: a question asked over DevTools right behind the input
# held the input back by a whole frame (Chromium 156: 37 ms instead of 18 ms a step).
TOLD = "frame after "

# Resolves with the milliseconds from the input event to the task after the frame that shows the
# answer to it: a new slice in our view, a new picture in a peer's.
WAIT_FOR_FRAME = """([kind, input]) => new Promise((done, fail) => {
  setTimeout(() => fail(new Error(`No frame of ${kind} came within 15 s.`)), 15000);
  let began = null;
  addEventListener(input, (event) => { began ??= event.timeStamp; },
    { capture: true, once: true, passive: true });
  const shown = () => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now() - began);
    port2.postMessage(0);
  });
  const finish = (image) => {
    observer.disconnect();
    if (image && !image.complete) image.addEventListener("load", shown, { once: true });
    else shown();
  };
  const observer = new MutationObserver((records) => {
    if (began === null) return;
    if (kind === "ours") {
      observer.disconnect();
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => done(performance.now() - began);
      port2.postMessage(0);
      return;
    }
    for (const { target, addedNodes } of records) {
      const image = [target, ...addedNodes]
        .map((node) => (/^(image|img)$/i.test(node.nodeName) ? node
          : node !== target && node.querySelector?.("image, img"))).find(Boolean);
      if (image) return finish(kind === "image" ? image : null);
    }
  });
  const find = (root) => root.querySelector("[data-testid=view-main]") ??
    [...root.querySelectorAll("*")]
      .map((one) => one.shadowRoot && find(one.shadowRoot)).find(Boolean);
  const place = kind === "ours" ? find(document) : document.body;
  observer.observe(place, kind === "ours"
    ? { attributes: true, attributeFilter: ["data-slice"] }
    : { subtree: true, childList: true, attributes: true,
        attributeFilter: ["src", "href", "xlink:href"] });
  window.armed = true;
})"""


@dataclass(slots=True)
class Wire:
    """Bytes that reached the page: HTTP as encoded, websocket frames by their payload."""

    received: int = 0

    @classmethod
    def of(cls, session: CDPSession) -> Wire:
        """Count from now on."""
        wire = cls()
        session.send("Network.enable")
        session.on("Network.dataReceived", lambda event: wire.add_data(event))
        session.on("Network.webSocketFrameReceived", lambda event: wire.add_frame(event))
        return wire

    def add_data(self, event: dict[str, Any]) -> None:
        """An HTTP chunk."""
        self.received += int(event.get("encodedDataLength", 0))

    def add_frame(self, event: dict[str, Any]) -> None:
        """A websocket frame."""
        frame = event["response"]
        scale = 0.75 if frame.get("opcode") == 2 else 1.0
        self.received += int(len(frame["payloadData"]) * scale)


@dataclass(slots=True)
class Steps:
    """Each step's milliseconds to the frame, main-thread milliseconds and bytes."""

    frame_ms: list[float] = field(default_factory=list)
    main_ms: list[float] = field(default_factory=list)
    draw_ms: list[float] = field(default_factory=list)
    received: list[int] = field(default_factory=list)

    def add(self, more: Steps) -> None:
        """Join the steps of another round."""
        for name in ("frame_ms", "main_ms", "draw_ms", "received"):
            getattr(self, name).extend(getattr(more, name))


def main_thread_ms(session: CDPSession) -> float:
    """Milliseconds of main-thread tasks since the page began."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(float(m["value"]) for m in metrics if m["name"] == "TaskDuration")


def heap_bytes(session: CDPSession) -> tuple[int, int]:
    """JavaScript heap after a collection, and what array buffers hold beside it."""
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    return int(usage["usedSize"]), int(usage.get("backingStorageSize", 0))


def read_told(words: str) -> float:
    """The milliseconds in what the page told; RuntimeError when no frame came."""
    try:
        return float(words.removeprefix(TOLD))
    except ValueError as error:
        raise RuntimeError(words) from error


def measure_steps(page: Page, session: CDPSession, wire: Wire, kind: str, count: int) -> Steps:
    """One slice at a time: wheel for ours, arrow keys on the slider for the peers."""
    steps = Steps()
    # Thread ticks: what the main thread itself computed, whatever else the machine is doing.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    for number in range(count):
        up = (number // 20) % 2 == 0
        answer = page.evaluate_handle(
            f"(arguments) => {{ ({WAIT_FOR_FRAME})(arguments).then("
            f"(ms) => console.log('{TOLD}' + ms), (error) => console.log('{TOLD}' + error));"
            " return 0; }",
            [kind, "wheel" if kind == "ours" else "keydown"],
        )
        answer.dispose()
        before, bytes_before = main_thread_ms(session), wire.received
        with page.expect_console_message(lambda message: message.text.startswith(TOLD)) as told:
            if kind == "ours":
                page.mouse.wheel(0, -120 if up else 120)
            else:
                page.keyboard.press("ArrowRight" if up else "ArrowLeft")
        steps.frame_ms.append(read_told(told.value.text))
        page.wait_for_timeout(PAUSE_MS)
        steps.main_ms.append(main_thread_ms(session) - before)
        steps.received.append(wire.received - bytes_before)
        if kind == "ours":
            drawn = page.get_attribute("[data-testid=workspace]", "data-draw-ms") or "nan"
            steps.draw_ms.append(float(drawn))
    return steps
