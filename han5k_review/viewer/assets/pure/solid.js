// @ts-check
// A mask as a solid seen from any side: its border voxels with their outward directions, drawn as shaded dots
// into a picture with depth. Enough to see holes, steps and islands; no DOM, no library, nothing measured.

/** @import { Triple } from "./geometry.js" */
/** @import { WireMask } from "./masks.js" */

/**
 * `points` are millimetres (x to the left, y to posterior, z to superior) in threes, `normals` unit vectors.
 * @typedef {{ points: Float32Array, normals: Float32Array }} Solid
 * @typedef {{ turn: number, tilt: number }} Look Radians: round the long axis of the patient, and up or down.
 * @typedef {{ solid: Solid, rgb: number[] }} ColouredSolid
 */

/** @type {Triple} light from above, the left and the front of the viewer */
const LIGHT = [-0.4, -0.5, -0.77];
const AMBIENT = 0.35;

/**
 * Border voxels of a mask; thick slices are filled up with dots between them.
 * @param {WireMask} mask
 * @param {Triple} spacing
 * @returns {Solid}
 */
export function solidOf(mask, spacing) {
  const [ni, nj, nk] = mask.shape;
  const [wide, tall] = [ni + 2, nj + 2];
  const inside = new Uint8Array(wide * tall * (nk + 2));
  for (let k = 0, bit = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0, at = ((k + 1) * tall + j + 1) * wide + 1; i < ni; i++, bit++, at++)
        inside[at] = (mask.bits[bit >> 3] >> (bit & 7)) & 1;
  const steps = [1, wide, wide * tall];
  const between = Math.max(1, Math.round(spacing[2] / Math.min(spacing[0], spacing[1])));
  /** @type {number[]} */
  const points = [];
  /** @type {number[]} */
  const normals = [];
  for (let k = 1; k <= nk; k++)
    for (let j = 1; j <= nj; j++)
      for (let i = 1, at = (k * tall + j) * wide + 1; i <= ni; i++, at++) {
        const isBorder = inside[at] && steps.some((step) => !inside[at - step] || !inside[at + step]);
        if (!isBorder) continue;
        const normal = outwards(inside, at, steps, spacing);
        const [x, y] = [(mask.start[0] + i - 1) * spacing[0], (mask.start[1] + j - 1) * spacing[1]];
        for (let n = 0; n < between; n++) {
          points.push(x, y, (mask.start[2] + k - 1 + (n + 0.5) / between - 0.5) * spacing[2]);
          normals.push(...normal);
        }
      }
  return { points: Float32Array.from(points), normals: Float32Array.from(normals) };
}

/**
 * The direction in which most of the 26 neighbours are outside, as a unit vector in millimetres.
 * @param {Uint8Array} inside
 * @param {number} at
 * @param {number[]} steps
 * @param {Triple} spacing
 * @returns {Triple}
 */
function outwards(inside, at, steps, spacing) {
  let [x, y, z] = [0, 0, 0];
  for (let dk = -1; dk <= 1; dk++)
    for (let dj = -1; dj <= 1; dj++)
      for (let di = -1; di <= 1; di++) {
        if (inside[at + di * steps[0] + dj * steps[1] + dk * steps[2]]) continue;
        x += di;
        y += dj;
        z += dk;
      }
  [x, y, z] = [x / spacing[0], y / spacing[1], z / spacing[2]];
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

/**
 * Rows of the rotation from the patient to the screen: to the right, down, away. Without turn and tilt the
 * patient is seen from the front, the right side on the left of the screen.
 * @param {Look} look
 * @returns {Triple[]}
 */
export function axesOf({ turn, tilt }) {
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  const [d, t] = [Math.cos(tilt), Math.sin(tilt)];
  return [
    [c, s, 0],
    [-s * t, c * t, -d],
    [-s * d, c * d, t],
  ];
}

/**
 * The side from which one looks: the letter of the axis that points most towards the viewer.
 * @param {Look} look
 */
export function seenFrom(look) {
  const away = axesOf(look)[2];
  const axis = [0, 1, 2].reduce((best, one) => (Math.abs(away[one]) > Math.abs(away[best]) ? one : best));
  return ["RL", "AP", "IS"][axis][away[axis] > 0 ? 0 : 1];
}

/**
 * The middle of all dots and the largest distance from it, in mm; null when there is none.
 * @param {Solid[]} solids
 */
export function extentOfSolids(solids) {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (const { points } of solids)
    for (let n = 0; n < points.length; n++) {
      low[n % 3] = Math.min(low[n % 3], points[n]);
      high[n % 3] = Math.max(high[n % 3], points[n]);
    }
  if (low[0] === Infinity) return null;
  const middle = low.map((one, axis) => (one + high[axis]) / 2);
  return { middle, radius: Math.max(1, Math.hypot(...low.map((one, axis) => (high[axis] - one) / 2))) };
}

/**
 * Draws solids into RGBA words, `size` by `size`; what is nearer hides what is behind. `dotMm`: how far apart
 * the dots lie.
 * @param {Uint32Array} words
 * @param {number} size
 * @param {ColouredSolid[]} solids
 * @param {Look} look
 * @param {{ middle: Triple, radius: number }} extent
 * @param {number} dotMm
 */
export function drawSolids(words, size, solids, look, { middle, radius }, dotMm) {
  words.fill(0xff110d0a);
  const depth = new Float32Array(size * size).fill(Infinity);
  const [right, down, away] = axesOf(look);
  const scale = (size / 2 / radius) * 0.96;
  const dot = Math.max(1, Math.ceil(scale * dotMm * 1.25));
  for (const { solid, rgb } of solids) {
    const { points, normals } = solid;
    for (let n = 0; n < points.length; n += 3) {
      const [x, y, z] = [points[n] - middle[0], points[n + 1] - middle[1], points[n + 2] - middle[2]];
      const far = away[0] * x + away[1] * y + away[2] * z;
      const column = Math.round(size / 2 + scale * (right[0] * x + right[1] * y) - dot / 2);
      const row = Math.round(size / 2 + scale * (down[0] * x + down[1] * y + down[2] * z) - dot / 2);
      const word = shade(normals, n, right, down, away, rgb);
      for (let r = Math.max(0, row); r < Math.min(size, row + dot); r++)
        for (let c = Math.max(0, column), at = r * size + c; c < Math.min(size, column + dot); c++, at++) {
          if (far >= depth[at]) continue;
          depth[at] = far;
          words[at] = word;
        }
    }
  }
}

/**
 * @param {Float32Array} normals
 * @param {number} n
 * @param {Triple} right
 * @param {Triple} down
 * @param {Triple} away
 * @param {number[]} rgb
 */
function shade(normals, n, right, down, away, [red, green, blue]) {
  const [x, y, z] = [normals[n], normals[n + 1], normals[n + 2]];
  const lit =
    LIGHT[0] * (right[0] * x + right[1] * y) +
    LIGHT[1] * (down[0] * x + down[1] * y + down[2] * z) +
    LIGHT[2] * (away[0] * x + away[1] * y + away[2] * z);
  const share = AMBIENT + (1 - AMBIENT) * Math.max(0, Math.min(1, lit));
  return 0xff000000 | ((blue * share) << 16) | ((green * share) << 8) | (red * share);
}
