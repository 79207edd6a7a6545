// @ts-check
// Exact Euclidean distances in millimetres on a small box (Felzenszwalb and Huttenlocher, Theory of
// Computing 2012): the lower envelope of parabolas along each axis in turn. No DOM.

/** @import { Triple } from "./geometry.js" */
/** @typedef {{ line: Float64Array, place: Int32Array, border: Float64Array }} SweepRoom Room for one line. */

const FAR = 1e20;

/**
 * Squared mm from each voxel centre to the nearest one whose cell is `value`; 1e20 when there is none.
 * @param {Uint8Array} cells
 * @param {Triple} size
 * @param {Triple} spacing
 */
export function squaredDistances(cells, size, spacing, value = 1) {
  const field = new Float64Array(cells.length);
  for (let n = 0; n < cells.length; n++) field[n] = (cells[n] ? 1 : 0) === value ? 0 : FAR;
  const longest = Math.max(...size);
  const work = {
    line: new Float64Array(longest),
    place: new Int32Array(longest),
    border: new Float64Array(longest + 1),
  };
  const strides = [1, size[0], size[0] * size[1]];
  for (let axis = 0; axis < 3; axis++) {
    if (size[axis] === 1) continue;
    const [one, other] = [0, 1, 2].filter((a) => a !== axis);
    for (let b = 0; b < size[other]; b++) {
      for (let a = 0; a < size[one]; a++)
        sweep(
          field,
          a * strides[one] + b * strides[other],
          strides[axis],
          size[axis],
          spacing[axis] ** 2,
          work,
        );
    }
  }
  return field;
}

/**
 * @param {Float64Array} field
 * @param {number} from
 * @param {number} stride
 * @param {number} count
 * @param {number} weight
 * @param {SweepRoom} room
 */
function sweep(field, from, stride, count, weight, { line, place, border }) {
  let last = -1;
  let far = 0;
  while (far < count && field[from + far * stride] === 0) far++;
  if (far === count) return; // all at the goal already
  for (let q = 0, n = from; q < count; q++, n += stride) {
    line[q] = field[n];
    if (line[q] >= FAR) continue;
    let meet = -Infinity;
    while (last >= 0) {
      const p = place[last];
      meet = ((line[q] - line[p]) / weight + q * q - p * p) / (2 * (q - p));
      if (meet > border[last]) break;
      last--;
    }
    if (last < 0) meet = -Infinity;
    last++;
    place[last] = q;
    border[last] = meet;
  }
  if (last < 0) return;
  for (let q = 0, n = from, at = 0; q < count; q++, n += stride) {
    while (at < last && border[at + 1] < q) at++;
    field[n] = weight * (q - place[at]) ** 2 + line[place[at]];
  }
}

/**
 * Signed mm: positive inside, negative outside, to the nearest centre of the other side.
 * @param {Uint8Array} cells
 * @param {Triple} size
 * @param {Triple} spacing
 */
export function signedDistances(cells, size, spacing) {
  const outside = squaredDistances(cells, size, spacing, 0);
  const inside = squaredDistances(cells, size, spacing, 1);
  return outside.map((squared, n) => (cells[n] ? Math.sqrt(squared) : -Math.sqrt(inside[n])));
}
