// @ts-check
// What a pressed key is called, on any keyboard: by what it types, and by its place. No DOM.
//
// Names are those of pure/keymap.js: "a", "Shift+A", "1", "[", "Space", "ArrowUp". A key may have several
// names; the first that means something counts. Digits go by place first, so that the row above the letters
// grades with the same fingers everywhere. Letters and signs go by what they type; by place only where the
// layout has no key that types them (Cyrillic, Greek), or where the key itself types nothing of ours. Enter,
// which every layout has, is a key of its own with Shift.

/**
 * What of a KeyboardEvent counts.
 * @typedef {object} KeyPress
 * @property {string} key
 * @property {string} [code]
 * @property {boolean} [shiftKey]
 * @property {boolean} [ctrlKey]
 * @property {boolean} [metaKey]
 * @property {boolean} [altKey]
 * @property {boolean} [isComposing]
 * @property {(modifier: string) => boolean} [getModifierState]
 */

/** Places of signs: what they type on a US keyboard.
 * @type {Record<string, string>} */
const SIGN_PLACES = {
  BracketLeft: "[",
  BracketRight: "]",
  Slash: "/",
  Minus: "-",
  Equal: "+",
  Comma: ",",
  Period: ".",
};
const UNNAMED = new Set([
  "Process",
  "Unidentified",
  "AltGraph",
  "Shift",
  "Control",
  "Alt",
  "Meta",
  "CapsLock",
]);
const LETTER = /^[a-z]$/i;
const OTHER_SCRIPT = /^(?!\p{Script=Latin})\p{L}/u;

/** The letters and signs this keyboard types without a modifier, told by the browser or learned from keys. */
export class Layout {
  /** @param {Iterable<[string, string]>} [known] code and what it types, as navigator.keyboard has them */
  constructor(known) {
    /** @type {Map<string, string>} */
    this.typed = new Map(known ?? []);
    this.isWhole = this.typed.size > 0;
  }

  /**
   * Remembers what a key types; true when that is new. What contradicts the rest is of another layout: people
   * switch, and a browser tells of the first Latin one only. Then all is learned anew.
   * @param {KeyPress} press
   */
  learn(press) {
    const { key, code, shiftKey, ctrlKey, metaKey, altKey, isComposing } = press;
    const isModified = shiftKey || ctrlKey || metaKey || altKey || isAltGraph(press);
    if (!code || isModified || isComposing || code.startsWith("Numpad")) return false;
    if (key === "Dead" && SIGN_PLACES[code] && this.typed.get(code) === SIGN_PLACES[code]) {
      this.typed = new Map(); // an accent where a sign was told to be
      this.isWhole = false;
      return true;
    }
    if ([...key].length !== 1 || key === "?") return false;
    const typed = key.toLowerCase();
    const known = this.typed.get(code);
    if (known === typed || code === "Space") return false;
    if (known !== undefined) {
      this.typed = new Map();
      this.isWhole = false;
    }
    this.typed.set(code, typed);
    return true;
  }

  /** Does some key type this, without a modifier?
   * @param {string} name */
  has(name) {
    return [...this.typed.values()].includes(name);
  }

  /** What the key at a place types; null when that is not known.
   * @param {string} code */
  at(code) {
    return this.typed.get(code) ?? null;
  }
}

/** @param {KeyPress} press */
const isAltGraph = (press) => press.getModifierState?.("AltGraph") ?? false;

/** @param {KeyPress} press */
function typedName(press) {
  const { key, shiftKey } = press;
  const isAltMade = press.altKey || isAltGraph(press);
  if (key === " ") return "Space";
  if ([...key].length > 1) return key === "Dead" ? null : key;
  if (isAltMade && (LETTER.test(key) || /\p{L}|\d/u.test(key))) return null;
  if (LETTER.test(key)) return shiftKey ? `Shift+${key.toUpperCase()}` : key.toLowerCase();
  if (key === "=" && !shiftKey) return "+";
  return key === "_" ? "-" : key;
}

/**
 * @param {KeyPress} press
 * @param {Layout} layout
 */
function placeName(press, layout) {
  const { key, code = "", shiftKey } = press;
  if (press.altKey || isAltGraph(press)) return null;
  const [, letter] = /^Key([A-Z])$/.exec(code) ?? [];
  // An accented letter is of a layout that has the plain ones; another script has none of them.
  const isOther = OTHER_SCRIPT.test(key);
  if (letter) {
    const isFree = isOther || !(LETTER.test(key) || /\p{L}/u.test(key) || layout.has(letter.toLowerCase()));
    if (!isFree) return null;
    return shiftKey ? `Shift+${letter}` : letter.toLowerCase();
  }
  const sign = SIGN_PLACES[code];
  if (sign === "/" && shiftKey) return "?";
  return sign && !shiftKey && !layout.has(sign) ? sign : null;
}

/** Ctrl or Command with z or y: the ways back that every program has; with s: sign. Others are the browser's.
 * @param {KeyPress} press
 * @returns {string[]} */
function commandName({ key, shiftKey, altKey }) {
  const letter = key.toUpperCase();
  if (altKey || !["Z", "Y", "S"].includes(letter)) return [];
  return [shiftKey ? `Ctrl+Shift+${letter}` : `Ctrl+${letter}`];
}

/**
 * Every name of a pressed key, best first; none for a key that belongs to the browser, to the system or to
 * text that is being composed.
 * @param {KeyPress} press
 * @param {Layout} [layout]
 * @returns {string[]}
 */
export function namesOf(press, layout = new Layout()) {
  const { key, code = "", shiftKey, ctrlKey, metaKey, altKey, isComposing } = press;
  if (isComposing || UNNAMED.has(key)) return [];
  if (metaKey || (ctrlKey && !isAltGraph(press))) return commandName(press);
  const [, digit] = /^Digit(\d)$/.exec(code) ?? [];
  const byPlace = digit && !shiftKey && !altKey && !isAltGraph(press) ? digit : null;
  const withShift = shiftKey && key === "Enter" ? "Shift+Enter" : null;
  const names = [byPlace, withShift, typedName(press), placeName(press, layout)];
  return [...new Set(names.filter((name) => name !== null))];
}

/** Where a name stands on a US keyboard: its code; null for names that have none.
 * @param {string} name */
function codeOf(name) {
  const letter = name.replace(/^Shift\+/, "");
  if (LETTER.test(letter)) return `Key${letter.toUpperCase()}`;
  if (/^\d$/.test(name)) return `Digit${name}`;
  return Object.keys(SIGN_PLACES).find((code) => SIGN_PLACES[code] === name) ?? null;
}

/**
 * What is written on the key of this keyboard that has a name: the name itself where the layout types it,
 * else what the key at that place types.
 * @param {string} name
 * @param {Layout} layout
 */
export function labelOf(name, layout) {
  const isShifted = name.startsWith("Shift+");
  const plain = isShifted ? name.slice(6).toLowerCase() : name;
  const code = codeOf(name);
  const there = code === null ? null : layout.at(code);
  if (there === null || there === plain || layout.has(plain)) return name;
  if (/^\d$/.test(plain)) return `${plain} ${there}`;
  return isShifted ? `Shift+${there.toUpperCase()}` : there;
}
