"""What is measured in the page: input to frame, bytes on the wire, main-thread time."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import CDPSession, Page

# Between a frame and the next step, for each viewer the same: a reader who scrolls on, whose
# notches stand in no relation to the screen's frames (up to one frame is added by chance).
PAUSE_MS = 30
FRAME_MS = 1000 / 60

# The page tells of its frame by itself: a question asked over DevTools right behind the input
# held the input back by a whole frame (Chromium 156: 37 ms instead of 18 ms a step).
TOLD = "frame after "

# How a step is given to a viewer. A wheel event over DevTools is hit-tested first, which uses up
# the frame that the wheel could have had, so that even an empty page gets it 15 ms late; a mouse
# does no such thing. So the page gives the wheel event to our view itself; the way over DevTools
# and the empty page are printed beside it. The peers' arrow keys over DevTools come at once.
WHEEL, WHEEL_OVER_DEVTOOLS, KEYS = "wheel", "wheel over DevTools", "keys over DevTools"
WHEEL_AFTER_MS = 25

# Tells, in milliseconds from the input event, of its handlers and of the task after the frame that
# shows the answer to it: a new slice in our view, a new picture in a peer's, any in an empty page.
WAIT_FOR_FRAME = """([kind, input, wheel, after]) => new Promise((done, fail) => {
  setTimeout(() => fail(new Error(`No frame of ${kind} came within 15 s.`)), 15000);
  let began = null;
  let handled = null;
  addEventListener(input, (event) => {
    began ??= event.timeStamp;
    handled ??= performance.now();
    if (kind === "empty") shown();
  }, { capture: true, once: true, passive: true });
  const tell = () => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done([performance.now() - began, handled - began]);
    port2.postMessage(0);
  };
  const shown = () => requestAnimationFrame(tell);
  const finish = (image) => {
    observer.disconnect();
    if (image && !image.complete) image.addEventListener("load", shown, { once: true });
    else shown();
  };
  const observer = new MutationObserver((records) => {
    if (began === null) return;
    if (kind === "ours") {
      observer.disconnect();
      return tell();
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
  if (wheel) {
    setTimeout(() => place.dispatchEvent(new WheelEvent("wheel",
      { deltaY: wheel, bubbles: true, composed: true, cancelable: true })), after);
  }
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
    """Each step's milliseconds to the handlers and to the frame, main-thread time and bytes."""

    frame_ms: list[float] = field(default_factory=list)
    input_ms: list[float] = field(default_factory=list)
    main_ms: list[float] = field(default_factory=list)
    draw_ms: list[float] = field(default_factory=list)
    received: list[int] = field(default_factory=list)

    def add(self, more: Steps) -> None:
        """Join the steps of another round."""
        for name in ("frame_ms", "input_ms", "main_ms", "draw_ms", "received"):
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


def read_told(words: str) -> tuple[float, float]:
    """Milliseconds to the frame and to the handlers that the page told; RuntimeError: no frame."""
    try:
        frame, handlers = words.removeprefix(TOLD).split(",")
        return float(frame), float(handlers)
    except ValueError as error:
        raise RuntimeError(words) from error


def measure_steps(
    page: Page, session: CDPSession, wire: Wire, kind: str, count: int, way: str = KEYS
) -> Steps:
    """One slice at a time, 20 up and 20 down, each a while after the last one's frame."""
    steps, chance = Steps(), random.Random(1)
    # Thread ticks: what the main thread itself computed, whatever else the machine is doing.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    for number in range(count):
        up = (number // 20) % 2 == 0
        delta = (-120 if up else 120) if way != KEYS else 0
        jitter = chance.uniform(0, FRAME_MS)
        by_page = delta if way == WHEEL else 0
        answer = page.evaluate_handle(
            f"(arguments) => {{ ({WAIT_FOR_FRAME})(arguments).then("
            f"(times) => console.log('{TOLD}' + times), (error) => console.log('{TOLD}' + error));"
            " return 0; }",
            [kind, "wheel" if delta else "keydown", by_page, WHEEL_AFTER_MS + jitter],
        )
        answer.dispose()
        before, bytes_before = main_thread_ms(session), wire.received
        with page.expect_console_message(lambda message: message.text.startswith(TOLD)) as told:
            if way == WHEEL_OVER_DEVTOOLS:
                page.mouse.wheel(0, delta)
            elif way == KEYS:
                page.keyboard.press("ArrowRight" if up else "ArrowLeft")
        frame, handlers = read_told(told.value.text)
        steps.frame_ms.append(frame)
        steps.input_ms.append(handlers)
        page.wait_for_timeout(PAUSE_MS + (0 if by_page else jitter))
        steps.main_ms.append(main_thread_ms(session) - before)
        steps.received.append(wire.received - bytes_before)
        if kind == "ours":
            drawn = page.get_attribute("[data-testid=workspace]", "data-draw-ms") or "nan"
            steps.draw_ms.append(float(drawn))
    return steps
