// Changes: runs of flipped voxels along i, [first, length, ...], in the whole grid. No DOM.

/** Box [low, high) of a change's voxels. */
export function boundsOf(runs, [ni, nj]) {
  const low = [Infinity, Infinity, Infinity];
  const high = [0, 0, 0];
  for (let n = 0; n < runs.length; n += 2) {
    const row = Math.floor(runs[n] / ni);
    const k = Math.floor(row / nj);
    const [i, j] = [runs[n] - row * ni, row - k * nj];
    if (i < low[0]) low[0] = i;
    if (j < low[1]) low[1] = j;
    if (k < low[2]) low[2] = k;
    if (i + runs[n + 1] > high[0]) high[0] = i + runs[n + 1];
    if (j >= high[1]) high[1] = j + 1;
    if (k >= high[2]) high[2] = k + 1;
  }
  return { low, high };
}
