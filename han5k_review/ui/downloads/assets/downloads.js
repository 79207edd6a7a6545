// @ts-check
// Buttons that save files. A file that takes a while is fetched here, piece by piece, and the line below says
// how far it is; a refusal is shown as its sentence.
//
// Stable selectors (data-testid): download (data-address), download-told, download-stop.

const MARK = [0x50, 0x4b, 0x03, 0x04]; // each file in a .zip begins with it
const COUNT = "Han5k-Files";

/**
 * @typedef {{ label: string, address: string, primary: boolean }} DownloadFile
 * @typedef {{ began: number, bytes: number, files: number, of: number }} Progress `of` 0: not known
 */

/** How many files of an archive began so far; pieces may part anywhere. */
export function countFiles() {
  let matched = 0;
  let files = 0;
  return (/** @type {Uint8Array} */ piece) => {
    for (const byte of piece) {
      matched = byte === MARK[matched] ? matched + 1 : Number(byte === MARK[0]);
      if (matched < MARK.length) continue;
      files++;
      matched = 0;
    }
    return files;
  };
}

/**
 * One line: what is made, how far, how long.
 * @param {string} label
 * @param {{ seconds: number, bytes: number, files: number, of: number }} progress
 */
export function sayProgress(label, { seconds, bytes, files, of }) {
  const time = `${Math.round(seconds)} s`;
  if (!bytes) return `${label}: being made, ${time} so far.`;
  const parts = of ? `${Math.min(files, of)} of ${of} files, ` : "";
  return `${label}: ${parts}${(bytes / 1e6).toFixed(1)} MB, ${time} so far.`;
}

/**
 * The name that the answer gives its file.
 * @param {string | null} disposition
 */
export function nameOf(disposition) {
  return /filename="([^"]+)"/.exec(disposition ?? "")?.[1] ?? "download";
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} properties
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** @param {Response} answer */
async function refusalOf(answer) {
  const words = await answer.json().then(
    (told) => told.detail,
    () => "",
  );
  return typeof words === "string" && words ? words : `The server answered ${answer.status}; try again.`;
}

/**
 * @param {BlobPart[]} pieces
 * @param {string} name
 */
function save(pieces, name) {
  const address = URL.createObjectURL(new Blob(pieces));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

class Downloads {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.known = "";
    /** @type {AbortController | null} the download at work */
    this.wish = null;
    /** @type {Progress} */
    this.progress = { began: 0, bytes: 0, files: 0, of: 0 };
    /** @type {HTMLButtonElement[]} */
    this.choices = [];
    this.buttons = element("div", { className: "files" });
    this.told = element("p", { role: "status" });
    this.told.dataset.testid = "download-told";
    this.bar = element("progress", { hidden: true });
    this.stop = element("button", { type: "button", hidden: true }, "Stop");
    this.stop.dataset.testid = "download-stop";
    this.stop.onclick = () => this.wish?.abort();
    const line = element("div", { className: "line" }, this.bar, this.told, this.stop);
    root.append(element("div", { className: "downloads" }, this.buttons, line));
  }

  /** @param {DownloadFile[]} files */
  show(files) {
    const known = JSON.stringify(files);
    if (known === this.known) return;
    this.known = known;
    this.choices = files.map((file) => this.button(file));
    this.buttons.replaceChildren(...this.choices);
  }

  /** @param {DownloadFile} file */
  button({ label, address, primary }) {
    const made = element("button", { type: "button", className: primary ? "primary" : "" }, label);
    made.dataset.testid = "download";
    made.dataset.address = address;
    made.onclick = () => this.fetch(label, address);
    return made;
  }

  /**
   * @param {string} label
   * @param {string} address
   */
  async fetch(label, address) {
    if (this.wish) return;
    const wish = new AbortController();
    this.wish = wish;
    this.progress = { began: performance.now(), bytes: 0, files: 0, of: 0 };
    const tick = setInterval(() => this.tell(label), 500);
    this.tell(label);
    try {
      this.say(await this.take(label, address, wish.signal));
    } catch {
      const stopped = wish.signal.aborted;
      this.say(stopped ? `${label}: stopped.` : `${label}: the connection broke off; try again.`);
    } finally {
      clearInterval(tick);
      this.wish = null;
      this.bar.hidden = this.stop.hidden = true;
      for (const one of this.choices) one.disabled = false;
    }
  }

  /**
   * @param {string} label
   * @param {string} address
   * @param {AbortSignal} signal
   */
  async take(label, address, signal) {
    const answer = await fetch(address, { signal });
    if (!answer.ok || !answer.body) return `${label}: ${await refusalOf(answer)}`;
    const { progress } = this;
    progress.of = Number(answer.headers.get(COUNT)) || 0;
    const count = countFiles();
    /** @type {Uint8Array<ArrayBuffer>[]} */
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

  /** @param {string} label */
  tell(label) {
    const { progress, bar } = this;
    const seconds = (performance.now() - progress.began) / 1000;
    this.say(sayProgress(label, { ...progress, seconds }));
    bar.hidden = this.stop.hidden = false;
    bar.max = progress.of || 1;
    if (progress.of) bar.value = progress.files;
    else bar.removeAttribute("value");
    for (const one of this.choices) one.disabled = true;
  }

  /** @param {string} words */
  say(words) {
    this.told.textContent = words;
  }
}

/** @type {WeakMap<HTMLElement, Downloads>} */
const made = new WeakMap();

/**
 * Streamlit calls this at the mount and at each rerun.
 * @param {{ data: { files: DownloadFile[] }, parentElement: HTMLElement }} component
 */
export default function downloads({ data, parentElement }) {
  const shown = made.get(parentElement) ?? new Downloads(parentElement);
  made.set(parentElement, shown);
  shown.show(data.files);
}
