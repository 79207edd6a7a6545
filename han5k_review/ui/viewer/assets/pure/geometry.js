// Where a voxel appears on the screen: planes, millimetres, cameras, side letters. No DOM.
//
// Volumes are in LPS axes: i grows to the patient's left, j to posterior, k to superior. A plane has
// columns (to the right of the screen) and rows (downwards). "Plane millimetres" begin at the
// outer corner of the top left voxel, so the centre of column a is at (a + 0.5) * spacing.

export const PLANES = {
  axial: { column: 0, row: 1, through: 2, flipRows: false, title: "Axial" },
  sagittal: { column: 1, row: 2, through: 0, flipRows: true, title: "Sagittal" },
  coronal: { column: 0, row: 2, through: 1, flipRows: true, title: "Coronal" },
};
export const PLANE_NAMES = Object.keys(PLANES);

/** Columns, rows and slices of a plane, and its size in millimetres. */
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

/** Voxel index along a plane's row axis -> row on screen (superior is up). */
export function rowOf(plane, index, shape) {
  const { row, flipRows } = PLANES[plane];
  return flipRows ? shape[row] - 1 - index : index;
}

/** Centre of voxel ijk (may be fractional) in plane millimetres. */
export function voxelToPlane(plane, ijk, shape, spacing) {
  const { column, row } = PLANES[plane];
  return {
    u: (ijk[column] + 0.5) * spacing[column],
    v: (rowOf(plane, ijk[row], shape) + 0.5) * spacing[row],
  };
}

/** Plane millimetres on slice `index` -> the voxel there, or null outside the volume. */
export function planeToVoxel(plane, u, v, index, shape, spacing) {
  const { column, row, through } = PLANES[plane];
  const ijk = [0, 0, 0];
  ijk[column] = Math.floor(u / spacing[column]);
  ijk[row] = rowOf(plane, Math.floor(v / spacing[row]), shape);
  ijk[through] = index;
  return ijk.every((n, axis) => n >= 0 && n < shape[axis]) ? ijk : null;
}

export function clampVoxel(ijk, shape) {
  return ijk.map((n, axis) => Math.max(0, Math.min(shape[axis] - 1, Math.round(n))));
}

/** Voxel -> [x, y, z] millimetres in RAS+ by the volume's affine. */
export function voxelToRas(affine, ijk) {
  return [0, 1, 2].map(
    (r) => affine[r][0] * ijk[0] + affine[r][1] * ijk[1] + affine[r][2] * ijk[2] + affine[r][3],
  );
}

/** `L 12.4  P 30.1  S 88.0 mm`: the side is a letter, so that no sign convention can mislead. */
export function formatPosition(ras) {
  const names = [
    ["L", "R"],
    ["P", "A"],
    ["I", "S"],
  ];
  return `${ras.map((mm, axis) => `${names[axis][mm >= 0 ? 1 : 0]} ${Math.abs(mm).toFixed(1)}`).join("  ")} mm`;
}

/** Letters of a direction in RAS: the main one first, a second where it leans by over 20 degrees. */
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

/** The letters at the four sides of a plane, from the affine itself. */
export function sideLetters(plane, affine) {
  const { column, row, flipRows } = PLANES[plane];
  const along = (axis, sign) => directionLetters([0, 1, 2].map((r) => sign * affine[r][axis]));
  const down = flipRows ? -1 : 1;
  return {
    left: along(column, -1),
    right: along(column, 1),
    top: along(row, -down),
    bottom: along(row, down),
  };
}

// A camera is { u, v, scale }: the plane millimetre in the middle of the view, pixels per millimetre.

export function fitCamera(size, width, height) {
  const scale = Math.min(width / size.widthMm, height / size.heightMm) || 1;
  return { u: size.widthMm / 2, v: size.heightMm / 2, scale };
}

/** Shows `fieldMm` millimetres across the smaller side around (u, v), never less than the fit. */
export function focusCamera(size, width, height, u, v, fieldMm) {
  const fit = fitCamera(size, width, height);
  const scale = Math.max(fit.scale, Math.min(width, height) / fieldMm);
  return boundCamera({ u, v, scale }, size, width, height);
}

export function zoomCamera(camera, size, width, height, factor, x, y) {
  const fit = fitCamera(size, width, height).scale;
  const scale = Math.max(fit * 0.8, Math.min(fit * 40, camera.scale * factor));
  const { u, v } = screenToPlane(camera, x, y, width, height);
  const moved = { u: u - (x - width / 2) / scale, v: v - (y - height / 2) / scale, scale };
  return boundCamera(moved, size, width, height);
}

export function panCamera(camera, size, width, height, dx, dy) {
  const moved = { ...camera, u: camera.u - dx / camera.scale, v: camera.v - dy / camera.scale };
  return boundCamera(moved, size, width, height);
}

/** Keeps the image in the view: an axis that fits is centred, one that does not has no gap. */
export function boundCamera(camera, size, width, height) {
  const bound = (middle, full, pixels) => {
    const half = pixels / camera.scale / 2;
    return half * 2 >= full ? full / 2 : Math.max(half, Math.min(full - half, middle));
  };
  return {
    u: bound(camera.u, size.widthMm, width),
    v: bound(camera.v, size.heightMm, height),
    scale: camera.scale,
  };
}

export function planeToScreen(camera, u, v, width, height) {
  return { x: (u - camera.u) * camera.scale + width / 2, y: (v - camera.v) * camera.scale + height / 2 };
}

export function screenToPlane(camera, x, y, width, height) {
  return { u: (x - width / 2) / camera.scale + camera.u, v: (y - height / 2) / camera.scale + camera.v };
}

/** A round length that takes at most `pixels` on the screen: { mm, pixels, label }. */
export function scaleBar(scale, pixels) {
  const longest = pixels / scale;
  const power = 10 ** Math.floor(Math.log10(longest));
  const mm = [5, 2, 1].map((step) => step * power).find((length) => length <= longest) ?? power;
  return { mm, pixels: mm * scale, label: mm >= 10 ? `${mm / 10} cm` : `${mm} mm` };
}

/** Millimetres between two points of one plane given in plane millimetres. */
export function distanceMm(a, b) {
  return Math.hypot(a.u - b.u, a.v - b.v);
}

/** A camera moved as little as needed so that point { u, v } of its plane is in the middle of it. */
export function followPoint(camera, { u, v }) {
  const reach = camera.field * 0.45;
  const pull = (middle, at) => Math.max(at - reach, Math.min(at + reach, middle));
  return { ...camera, u: pull(camera.u, u), v: pull(camera.v, v) };
}
