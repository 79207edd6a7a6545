// @ts-check
// Shortest ways through a box in which each voxel has a cost: millimetres times the mean cost of both
// ends of each step, over the 26 neighbours. No DOM; runs in a worker.
//
// Dijkstra's algorithm with buckets no wider than the shortest step: whatever lies in the lowest bucket
// is final (E. A. Dinic, Economical algorithms for finding shortest paths in a network, 1978). No step
// costs less than its millimetres, so the answer is exact.

/** @import { Triple } from "./geometry.js" */

/**
 * The steps to neighbours that the box has room for: along i, j and k, in the order of voxels, in
 * millimetres.
 * @param {Triple} size
 * @param {Triple} spacing
 */
function listSteps(size, spacing) {
  const steps = [];
  for (let dk = -1; dk <= 1; dk++) {
    for (let dj = -1; dj <= 1; dj++) {
      for (let di = -1; di <= 1; di++) {
        const isOut = (size[0] === 1 && di) || (size[1] === 1 && dj) || (size[2] === 1 && dk);
        if (!isOut && (di || dj || dk)) steps.push([di, dj, dk]);
      }
    }
  }
  return {
    along: steps,
    strides: Int32Array.from(steps, ([di, dj, dk]) => (dk * size[1] + dj) * size[0] + di),
    lengths: Float64Array.from(steps, ([di, dj, dk]) =>
      Math.hypot(di * spacing[0], dj * spacing[1], dk * spacing[2]),
    ),
  };
}

/** Voxels by their distance, in buckets; each is in one of them at most. */
class Buckets {
  /**
   * @param {number} count
   * @param {number} width
   */
  constructor(count, width) {
    this.width = width;
    /** @type {number[]} the first voxel of each bucket, or -1 */
    this.heads = [];
    this.next = new Int32Array(count);
    this.before = new Int32Array(count);
    this.lowest = 0;
  }

  /**
   * @param {number} n
   * @param {number} distance
   */
  put(n, distance) {
    const at = Math.floor(distance / this.width);
    while (this.heads.length <= at) this.heads.push(-1);
    const head = this.heads[at];
    this.next[n] = head;
    this.before[n] = -1;
    if (head >= 0) this.before[head] = n;
    this.heads[at] = n;
  }

  /**
   * Takes a voxel out that lies at `distance`.
   * @param {number} n
   * @param {number} distance
   */
  drop(n, distance) {
    const [one, other] = [this.before[n], this.next[n]];
    if (one >= 0) this.next[one] = other;
    else this.heads[Math.floor(distance / this.width)] = other;
    if (other >= 0) this.before[other] = one;
  }

  /** A voxel of the lowest bucket, taken out; -1 when all are empty. */
  take() {
    while (this.lowest < this.heads.length && this.heads[this.lowest] < 0) this.lowest++;
    if (this.lowest >= this.heads.length) return -1;
    const n = this.heads[this.lowest];
    const other = this.next[n];
    this.heads[this.lowest] = other;
    if (other >= 0) this.before[other] = -1;
    return n;
  }
}

/**
 * The cost in millimetres from the nearest seed, Infinity where it is above `reach` or no way leads.
 * @param {Float64Array} costs 1 or more; Infinity where no way may go
 * @param {Triple} size i fastest
 * @param {Triple} spacing
 * @param {Uint8Array} cells
 * @param {number} seed the value of `cells` from which ways begin
 * @param {number} reach
 * @param {Float64Array | null} ways takes the millimetres of each cheapest way
 */
export function geodesicDistances(costs, size, spacing, cells, seed, reach = Infinity, ways = null) {
  const [ni, nj, nk] = size;
  const { along, strides, lengths } = listSteps(size, spacing);
  const distances = new Float64Array(costs.length).fill(Infinity);
  const buckets = new Buckets(costs.length, Math.min(...lengths));
  for (let n = 0; n < costs.length; n++) {
    if (cells[n] !== seed || costs[n] === Infinity) continue;
    distances[n] = 0;
    buckets.put(n, 0);
  }
  for (let n = buckets.take(); n >= 0; n = buckets.take()) {
    const [here, cost] = [distances[n], costs[n]];
    const row = Math.floor(n / ni);
    const k = Math.floor(row / nj);
    const [i, j] = [n - row * ni, row - k * nj];
    const isEdge = i === 0 || j === 0 || k === 0 || i === ni - 1 || j === nj - 1 || k === nk - 1;
    for (let s = 0; s < strides.length; s++) {
      if (isEdge && isOutside(i + along[s][0], j + along[s][1], k + along[s][2], size)) continue;
      const to = n + strides[s];
      const known = distances[to];
      if (known <= here) continue;
      const far = here + (lengths[s] * (cost + costs[to])) / 2;
      if (far >= known || far > reach) continue;
      if (known !== Infinity) buckets.drop(to, known);
      distances[to] = far;
      if (ways) ways[to] = ways[n] + lengths[s];
      buckets.put(to, far);
    }
  }
  return distances;
}

/**
 * @param {number} i
 * @param {number} j
 * @param {number} k
 * @param {Triple} size
 */
function isOutside(i, j, k, [ni, nj, nk]) {
  return i < 0 || j < 0 || k < 0 || i >= ni || j >= nj || k >= nk;
}
