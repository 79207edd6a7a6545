// How a reader likes the picture, kept in the browser between cases and visits.

const KEY = "han5k-review.preferences";
const DEFAULTS = {
  fill: false,
  opacity: 0.35,
  thickness: 1.5,
  outlines: true,
  colourBlind: false,
  autoZoom: true,
  layout: "three",
  main: "axial",
  crosshair: true,
  order: "list",
};

/** The browser's store, or null where it is forbidden. */
export function browserStore() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

export function preferences() {
  try {
    const stored = JSON.parse(browserStore()?.getItem(KEY) ?? "{}");
    const known = Object.entries(stored).filter(([name, value]) => typeof value === typeof DEFAULTS[name]);
    return { ...DEFAULTS, ...Object.fromEntries(known) };
  } catch {
    return { ...DEFAULTS };
  }
}

export function storePreferences(state) {
  const kept = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, state[name]]));
  try {
    browserStore()?.setItem(KEY, JSON.stringify(kept));
  } catch {
    // A full store costs the reader a preference, nothing else.
  }
}
