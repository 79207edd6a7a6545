// @ts-check
// Where a voxel appears on the screen: planes, millimetres, cameras, side letters. No DOM.
//
// Volumes are in LPS axes: i grows to the patient's left, j to posterior, k to superior. A plane has
// columns (to the right of the screen) and rows (downwards). "Plane millimetres" begin at the
// outer corner of the top left voxel, so the centre of column a is at (a + 0.5) * spacing.

/** @typedef {number[]} Triple Three numbers, along i, j and k. */
/** @typedef {"axial" | "sagittal" | "coronal"} PlaneName */
/** @typedef {{ u: number, v: number }} PlanePoint A point in plane millimetres. */

/**
 * Axes of a plane; `flipRows`: the first row is the last index.
 * @typedef {{ column: number, row: number, through: number, flipRows: boolean, title: string }} Plane
 */

/** @typedef {ReturnType<typeof planeSize>} PlaneSize */

/** @type {Record<PlaneName, Plane>} */
export const PLANES = {
  axial: { column: 0, row: 1, through: 2, flipRows: false, title: "Axial" },
  sagittal: { column: 1, row: 2, through: 0, flipRows: true, title: "Sagittal" },
  coronal: { column: 0, row: 2, through: 1, flipRows: true, title: "Coronal" },
};
export const PLANE_NAMES = /** @type {PlaneName[]} */ (Object.keys(PLANES));

/**
 * Columns, rows and slices of a plane, and its size in millimetres.
 * @param {PlaneName} plane
 * @param {Triple} shape
 * @param {Triple} spacing
 */
export function planeSize(plane, shape, spacing) {
  const { column, row, through } = PLANES[plane];
  return {
    columns: shape[column],
    rows: shape[row],
    slices: shape[through],
    widthMm: shape[column] * spacing[column],
    heightMm: shape[row] * spacing[row],
    columnMm: spacing[column],
    rowMm: spacing[row],
  };
}

/**
 * Voxel index along a plane's row axis -> row on screen (superior is up).
 * @param {PlaneName} plane
 * @param {number} index
 * @param {Triple} shape
 */
export function rowOf(plane, index, shape) {
  const { row, flipRows } = PLANES[plane];
  return flipRows ? shape[row] - 1 - index : index;
}

/**
 * Centre of voxel ijk (may be fractional) in plane millimetres.
 * @param {PlaneName} plane
 * @param {Triple} ijk
 * @param {Triple} shape
 * @param {Triple} spacing
 */
export function voxelToPlane(plane, ijk, shape, spacing) {
  const { column, row } = PLANES[plane];
  return {
    u: (ijk[column] + 0.5) * spacing[column],
    v: (rowOf(plane, ijk[row], shape) + 0.5) * spacing[row],
  };
}

/**
 * Plane millimetres on slice `index` -> the voxel there, or null outside the volume.
 * @param {PlaneName} plane
 * @param {number} u
 * @param {number} v
 * @param {number} index
 * @param {Triple} shape
 * @param {Triple} spacing
 */
export function planeToVoxel(plane, u, v, index, shape, spacing) {
  const { column, row, through } = PLANES[plane];
  const ijk = [0, 0, 0];
  ijk[column] = Math.floor(u / spacing[column]);
  ijk[row] = rowOf(plane, Math.floor(v / spacing[row]), shape);
  ijk[through] = index;
  return ijk.every((n, axis) => n >= 0 && n < shape[axis]) ? ijk : null;
}

/**
 * @param {Triple} ijk
 * @param {Triple} shape
 */
export function clampVoxel(ijk, shape) {
  return ijk.map((n, axis) => Math.max(0, Math.min(shape[axis] - 1, Math.round(n))));
}

/**
 * Voxel -> [x, y, z] millimetres in RAS+ by the volume's affine.
 * @param {number[][]} affine
 * @param {Triple} ijk
 */
export function voxelToRas(affine, ijk) {
  return [0, 1, 2].map(
    (r) => affine[r][0] * ijk[0] + affine[r][1] * ijk[1] + affine[r][2] * ijk[2] + affine[r][3],
  );
}

/**
 * `L 12.4  P 30.1  S 88.0 mm`: the side is a letter, so that no sign convention can mislead.
 * @param {Triple} ras
 */
export function formatPosition(ras) {
  const names = [
    ["L", "R"],
    ["P", "A"],
    ["I", "S"],
  ];
  const parts = ras.map((mm, axis) => `${names[axis][mm >= 0 ? 1 : 0]} ${Math.abs(mm).toFixed(1)}`);
  return `${parts.join("  ")} mm`;
}

/**
 * Letters of a direction in RAS: the main one first, a second where it leans by over 20 degrees.
 * @param {Triple} vector
 */
export function directionLetters(vector) {
  const length = Math.hypot(...vector) || 1;
  return vector
    .map((part, axis) => ({
      share: Math.abs(part) / length,
      letter: "LRPAIS"[2 * axis + (part > 0 ? 1 : 0)],
    }))
    .filter((part) => part.share > 0.35)
    .sort((a, b) => b.share - a.share)
    .slice(0, 2)
    .map((part) => part.letter)
    .join("");
}

/**
 * The letters at the four sides of a plane, from the affine itself.
 * @param {PlaneName} plane
 * @param {number[][]} affine
 */
export function sideLetters(plane, affine) {
  const { column, row, flipRows } = PLANES[plane];
  /** @type {(axis: number, sign: number) => string} */
  const along = (axis, sign) => directionLetters([0, 1, 2].map((r) => sign * affine[r][axis]));
  const down = flipRows ? -1 : 1;
  return {
    left: along(column, -1),
    right: along(column, 1),
    top: along(row, -down),
    bottom: along(row, down),
  };
}

/**
 * Millimetres between two points of one plane given in plane millimetres.
 * @param {PlanePoint} a
 * @param {PlanePoint} b
 */
export function distanceMm(a, b) {
  return Math.hypot(a.u - b.u, a.v - b.v);
}
