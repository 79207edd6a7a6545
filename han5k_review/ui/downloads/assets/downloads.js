// Buttons that save files. A file that takes a while is fetched here, piece by piece, and the line below says
// how far it is; a refusal is shown as its sentence.
//
// Stable selectors (data-testid): download (data-address), download-told, download-stop.

const MARK = [0x50, 0x4b, 0x03, 0x04]; // each file in a .zip begins with it
const COUNT = "Han5k-Files";

/** How many files of an archive began so far; pieces may part anywhere. */
export function countFiles() {
  let matched = 0;
  let files = 0;
  return (piece) => {
    for (const byte of piece) {
      matched = byte === MARK[matched] ? matched + 1 : Number(byte === MARK[0]);
      if (matched < MARK.length) continue;
      files++;
      matched = 0;
    }
    return files;
  };
}

/** One line: what is made, how far, how long. */
export function sayProgress(label, { seconds, bytes, files, of }) {
  const time = `${Math.round(seconds)} s`;
  if (!bytes) return `${label}: being made, ${time} so far.`;
  const parts = of ? `${Math.min(files, of)} of ${of} files, ` : "";
  return `${label}: ${parts}${(bytes / 1e6).toFixed(1)} MB, ${time} so far.`;
}

/** The name that the answer gives its file. */
export function nameOf(disposition) {
  return /filename="([^"]+)"/.exec(disposition ?? "")?.[1] ?? "download";
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

async function refusalOf(answer) {
  const words = await answer.json().then(
    (told) => told.detail,
    () => "",
  );
  return typeof words === "string" && words ? words : `The server answered ${answer.status}; try again.`;
}

function save(pieces, name) {
  const address = URL.createObjectURL(new Blob(pieces));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

class Downloads {
  constructor(parent) {
    this.buttons = element("div", { className: "files" });
    this.told = element("p", { role: "status" });
    this.told.dataset.testid = "download-told";
    this.bar = element("progress", { hidden: true });
    this.stop = element("button", { type: "button", hidden: true }, "Stop");
    this.stop.dataset.testid = "download-stop";
    this.stop.onclick = () => this.wish?.abort();
    const line = element("div", { className: "line" }, this.bar, this.told, this.stop);
    parent.append(element("div", { className: "downloads" }, this.buttons, line));
  }

  show(files) {
    const known = JSON.stringify(files);
    if (known === this.known) return;
    this.known = known;
    this.buttons.replaceChildren(...files.map((file) => this.button(file)));
  }

  button({ label, address, primary }) {
    const made = element("button", { type: "button", className: primary ? "primary" : "" }, label);
    made.dataset.testid = "download";
    made.dataset.address = address;
    made.onclick = () => this.fetch(label, address);
    return made;
  }

  async fetch(label, address) {
    if (this.wish) return;
    this.wish = new AbortController();
    this.progress = { began: performance.now(), bytes: 0, files: 0, of: 0 };
    const tick = setInterval(() => this.tell(label), 500);
    this.tell(label);
    try {
      this.say(await this.take(label, address));
    } catch {
      const stopped = this.wish.signal.aborted;
      this.say(stopped ? `${label}: stopped.` : `${label}: the connection broke off; try again.`);
    } finally {
      clearInterval(tick);
      this.wish = null;
      this.bar.hidden = this.stop.hidden = true;
      for (const one of this.buttons.children) one.disabled = false;
    }
  }

  async take(label, address) {
    const answer = await fetch(address, { signal: this.wish.signal });
    if (!answer.ok) return `${label}: ${await refusalOf(answer)}`;
    const { progress } = this;
    progress.of = Number(answer.headers.get(COUNT)) || 0;
    const count = countFiles();
    const pieces = [];
    for (const reader = answer.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      progress.bytes += value.length;
      if (progress.of) progress.files = count(value);
    }
    const name = nameOf(answer.headers.get("Content-Disposition"));
    save(pieces, name);
    return `Saved as ${name}, ${(progress.bytes / 1e6).toFixed(1)} MB.`;
  }

  tell(label) {
    const { progress, bar } = this;
    const seconds = (performance.now() - progress.began) / 1000;
    this.say(sayProgress(label, { ...progress, seconds }));
    bar.hidden = this.stop.hidden = false;
    bar.max = progress.of || 1;
    if (progress.of) bar.value = progress.files;
    else bar.removeAttribute("value");
    for (const one of this.buttons.children) one.disabled = true;
  }

  say(words) {
    this.told.textContent = words;
  }
}

/** Streamlit calls this at the mount and at each rerun. */
export default function downloads({ data, parentElement }) {
  parentElement.downloads ??= new Downloads(parentElement);
  parentElement.downloads.show(data.files);
}
