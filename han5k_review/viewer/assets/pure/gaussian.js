// @ts-check
// A Gaussian mean on a box, one axis after the other. No DOM; runs in a worker.

/** @import { Triple } from "./geometry.js" */

/** How far the bell is followed, in standard deviations. */
const TRUNCATE = 3;

/**
 * The weights of a bell of `sd` voxels, whole voxels apart, that sum to one.
 * @param {number} sd
 */
function bellOf(sd) {
  const half = Math.max(1, Math.floor(TRUNCATE * sd + 0.5));
  const weights = Float64Array.from({ length: 2 * half + 1 }, (_, n) =>
    Math.exp(-((n - half) ** 2) / (2 * sd * sd)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * The mean with a standard deviation of `sdMm`; what lies beyond the box is as its nearest voxel. An
 * axis with one voxel is left alone.
 * @param {ArrayLike<number>} values
 * @param {Triple} size
 * @param {Triple} spacing
 * @param {number} sdMm
 */
export function gaussianMean(values, size, spacing, sdMm) {
  let field = new Float64Array(values);
  let other = new Float64Array(field.length);
  const strides = [1, size[0], size[0] * size[1]];
  for (let axis = 0; axis < 3; axis++) {
    if (size[axis] === 1) continue;
    const bell = bellOf(sdMm / spacing[axis]);
    // The box as blocks of `size[axis]` rows that lie `stride` apart, each of `stride` voxels in a row.
    const [stride, count] = [strides[axis], size[axis]];
    if (axis === 0) alongRows(field, other, bell, count);
    else {
      other.fill(0);
      for (let from = 0; from < field.length; from += stride * count)
        acrossRows(field, other, bell, from, stride, count);
    }
    [field, other] = [other, field];
  }
  return field;
}

/**
 * @param {Float64Array} field
 * @param {Float64Array} out
 * @param {Float64Array} bell
 * @param {number} count
 */
function alongRows(field, out, bell, count) {
  const half = (bell.length - 1) / 2;
  const row = new Float64Array(count + 2 * half);
  for (let from = 0; from < field.length; from += count) {
    row.fill(field[from], 0, half);
    for (let n = 0; n < count; n++) row[half + n] = field[from + n];
    row.fill(field[from + count - 1], half + count);
    for (let n = 0; n < count; n++) {
      let sum = 0;
      for (let w = 0; w < bell.length; w++) sum += bell[w] * row[n + w];
      out[from + n] = sum;
    }
  }
}

/**
 * @param {Float64Array} field
 * @param {Float64Array} out zero where it is written
 * @param {Float64Array} bell
 * @param {number} from
 * @param {number} stride
 * @param {number} count
 */
function acrossRows(field, out, bell, from, stride, count) {
  const half = (bell.length - 1) / 2;
  for (let n = 0; n < count; n++) {
    const to = from + n * stride;
    for (let w = 0; w < bell.length; w++) {
      const m = Math.max(0, Math.min(count - 1, n + w - half));
      const [weight, source] = [bell[w], from + m * stride];
      for (let at = 0; at < stride; at++) out[to + at] += weight * field[source + at];
    }
  }
}

/**
 * The steepness at one voxel, per millimetre: central differences, at the faces of the box one-sided
 * ones.
 * @param {Float64Array} field
 * @param {Triple} size
 * @param {Triple} spacing
 * @param {number} i
 * @param {number} j
 * @param {number} k
 */
export function steepnessAt(field, size, spacing, i, j, k) {
  const n = (k * size[1] + j) * size[0] + i;
  const di = slope(field, n, i, size[0], 1, spacing[0]);
  const dj = slope(field, n, j, size[1], size[0], spacing[1]);
  const dk = slope(field, n, k, size[2], size[0] * size[1], spacing[2]);
  return Math.sqrt(di * di + dj * dj + dk * dk);
}

/**
 * @param {Float64Array} field
 * @param {number} n
 * @param {number} at
 * @param {number} count
 * @param {number} stride
 * @param {number} mm
 */
function slope(field, n, at, count, stride, mm) {
  if (count === 1) return 0;
  if (at === 0) return (field[n + stride] - field[n]) / mm;
  if (at === count - 1) return (field[n] - field[n - stride]) / mm;
  return (field[n + stride] - field[n - stride]) / (2 * mm);
}
