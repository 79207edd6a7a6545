// The hand of the scripted reader: the product's own editor without a screen and without a server.
//
// Reads one request a line (JSON) from standard input and answers each with one line. Strokes go through
// the editor's pointer, smart tools through its worker's own code, and each step through `editor.keep`;
// what would go to the journal is counted instead of sent.

import { createInterface } from "node:readline";

const ASSETS = new URL("../../han5k_review/viewer/assets/", import.meta.url);

/** The worker's code in this thread. */
globalThis.Worker = class {
  postMessage(data) {
    globalThis.postMessage = (answer) => this.onmessage({ data: answer });
    globalThis.onmessage({ data });
  }
  terminate() {}
};

const { Editor } = await import(new URL("edit/editor.js", ASSETS));
const { applyTool } = await import(new URL("edit/slice_tools.js", ASSETS));
await import(new URL("edit/smart_worker.js", ASSETS));

let editor;
let journal = [];
/** What the last step changed. */
let last = null;
const marks = [];

/** A contour in hand. `hu`: the CT as it comes over the wire, in one slab; `bits`: the contour. */
function open({ grid, spacing, hu, bits }) {
  const bytes = new Uint8Array(Buffer.from(hu, "base64"));
  const contour = { start: [0, 0, 0], shape: grid, bits: new Uint8Array(Buffer.from(bits, "base64")) };
  const reading = {
    state: { main: "axial", cursor: [0, 0, 0], selected: "contour" },
    volume: { shape: grid, spacing, slabAt: () => ({ bytes, first: 0 }), hu: () => null },
    cameras: { of: () => null },
    change: () => {},
    moveTo: (cursor) => Object.assign(reading.state, { cursor }),
  };
  editor?.close();
  editor = new Editor({
    ...{ data: { addresses: {}, assistance: true }, reading, store: null, tell: () => {}, readOnly: true },
    ...{ stage: { views: [], at: (_, point) => point }, submitted: () => {} },
  });
  Object.assign(editor.session, { state: "open", name: "contour", url: null });
  editor.session.commit = (change, tool) => {
    last = change;
    journal.push(tool);
  };
  editor.base = contour;
  editor.take(contour);
  journal = [];
  marks.length = 0;
}

/** From press to release on an axial slice; points are voxels [i, j]. */
function stroke({ tool, k, points, ...options }) {
  const { spacing } = editor.mask;
  const at = points.map(([i, j]) => ({ x: (i + 0.5) * spacing[0], y: (j + 0.5) * spacing[1] }));
  const view = { plane: "axial", index: k, planePoint: (u, v) => ({ u, v }) };
  goTo(k);
  editor.set({ tool, ...options });
  const move = editor.pointer.press(view, at[0]);
  for (const point of at) move(null, point);
  move.end();
}

const goTo = (k) => editor.reading.moveTo([0, 0, k]);

/** What is proposed for each slice: [k, runs of voxels that would change]. */
function listProposals() {
  const { proposals } = editor.smart.marks;
  const found = [];
  for (const [k, cells] of proposals?.slices ?? []) {
    const { low, high } = proposals.boxOf(k);
    const now = editor.mask.extract(low, high);
    const [ni, nj] = editor.mask.grid;
    const runs = [];
    const width = high[0] - low[0];
    for (let n = 0; n < cells.length; n++) {
      if (cells[n] === now[n]) continue;
      runs.push((k * nj + low[1] + Math.floor(n / width)) * ni + low[0] + (n % width), 1);
    }
    found.push([k, runs]);
  }
  return found;
}

const ACTS = {
  open,
  stroke,
  async smart({ tool, k, ...options }) {
    goTo(k);
    editor.set(options);
    await editor.smart[tool]();
    return tool === "follow" ? listProposals() : null;
  },
  accept({ k }) {
    goTo(k);
    editor.smart.marks.decide(true);
  },
  slice({ tool, k, whole }) {
    goTo(k);
    editor.set({ whole });
    applyTool(editor, tool);
  },
  /** Seeds and proposals go. */
  drop: () => editor.smart.cancel(),
  /** `back` comes back to here. */
  mark() {
    const drawn = new Set(editor.drawn.axial);
    marks.push({ steps: editor.history.done.length, entries: journal.length, drawn });
  },
  back() {
    const { steps, entries, drawn } = marks.pop();
    while (editor.history.done.length > steps) {
      editor.smart.marks.drop();
      editor.back("undo");
    }
    editor.smart.marks.drop();
    editor.drawn.axial = drawn;
    journal.length = entries;
    last = null;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...request } = JSON.parse(line);
  last = null;
  const found = (await ACTS[act](request)) ?? null;
  const change = last ? Array.from(last) : [];
  process.stdout.write(
    `${JSON.stringify({ change, found, entries: journal.length, tool: journal.at(-1) })}\n`,
  );
}
process.exit(0);
