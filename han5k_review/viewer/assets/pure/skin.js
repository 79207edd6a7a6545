// @ts-check
// The body on an axial slice of a CT: everything inside the skin, airways included. No DOM.

const AIR_BELOW_HU = -300;
const [AIR, TISSUE, OUTSIDE] = [0, -1, 1];

/**
 * 1 inside the skin, else 0, for one slice row by row: air that reaches the border of the picture is outside;
 * of what is left the largest piece is the body, so that a couch or a mask apart from it does not count.
 * @param {Int16Array} hu
 * @param {number} columns
 */
export function bodyOf(hu, columns) {
  const labels = new Int32Array(hu.length);
  for (let n = 0; n < hu.length; n++) labels[n] = hu[n] < AIR_BELOW_HU ? AIR : TISSUE;
  const queue = new Int32Array(hu.length);
  /** @param {number} n */
  const open = (n) => {
    if (labels[n] === AIR) flood(labels, queue, columns, n, OUTSIDE);
  };
  for (let column = 0; column < columns; column++) {
    open(column);
    open(hu.length - 1 - column);
  }
  for (let n = 0; n < hu.length; n += columns) {
    open(n);
    open(n + columns - 1);
  }
  for (let n = 0; n < labels.length; n++) if (labels[n] === AIR) labels[n] = TISSUE;
  let [label, body, most] = [OUTSIDE, 0, 0];
  for (let n = 0; n < labels.length; n++) {
    if (labels[n] !== TISSUE) continue;
    const count = flood(labels, queue, columns, n, ++label);
    if (count > most) [body, most] = [label, count];
  }
  const inside = new Uint8Array(hu.length);
  if (most) for (let n = 0; n < inside.length; n++) inside[n] = labels[n] === body ? 1 : 0;
  return inside;
}

/**
 * Gives every cell joined to `seed` by faces, of the same label, another one; how many there were.
 * @param {Int32Array} labels
 * @param {Int32Array} queue
 * @param {number} columns
 * @param {number} seed
 * @param {number} label
 */
function flood(labels, queue, columns, seed, label) {
  const from = labels[seed];
  labels[seed] = label;
  queue[0] = seed;
  let tail = 1;
  for (let head = 0; head < tail; head++) {
    const n = queue[head];
    const column = n % columns;
    if (column > 0 && labels[n - 1] === from) {
      labels[n - 1] = label;
      queue[tail++] = n - 1;
    }
    if (column < columns - 1 && labels[n + 1] === from) {
      labels[n + 1] = label;
      queue[tail++] = n + 1;
    }
    if (n >= columns && labels[n - columns] === from) {
      labels[n - columns] = label;
      queue[tail++] = n - columns;
    }
    if (n + columns < labels.length && labels[n + columns] === from) {
      labels[n + columns] = label;
      queue[tail++] = n + columns;
    }
  }
  return tail;
}
