// @ts-check
// CT slabs as they come over the wire: k-major int16, low bytes first, then all high bytes.
//
// A slab is never unshuffled: a reader of one voxel joins its two bytes, which spares the main
// thread a pass over 4 MB per slab while the case loads. No DOM.

/** @typedef {{ first: number, slices: number }} SlabRange Slices `first` to `first + slices - 1`. */

/**
 * Which slab holds slice k, by a binary search over `first`.
 * @param {SlabRange[]} slabs
 * @param {number} k
 */
export function slabOf(slabs, k) {
  let low = 0;
  let high = slabs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (slabs[middle].first <= k) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Indices of the slabs still wanted, nearest to slice k first.
 * @param {SlabRange[]} slabs
 * @param {number} k
 * @param {(index: number) => boolean} isWanted
 */
export function slabOrder(slabs, k, isWanted) {
  /** @param {SlabRange} slab */
  const gap = (slab) => {
    if (k < slab.first) return slab.first - k;
    return Math.max(0, k - (slab.first + slab.slices - 1));
  };
  return slabs
    .map((slab, index) => ({ index, gap: gap(slab) }))
    .filter(({ index }) => isWanted(index))
    .sort((a, b) => a.gap - b.gap || b.index - a.index)
    .map(({ index }) => index);
}

/**
 * The int16 at position n of a shuffled slab.
 * @param {Uint8Array} bytes
 * @param {number} n
 */
export function valueAt(bytes, n) {
  const half = bytes.length >> 1;
  return ((bytes[half + n] << 24) >> 16) | bytes[n];
}

/**
 * Grey words of `count` voxels from position `from`, every `stride`, into out[at...].
 * @param {Uint8Array} bytes
 * @param {number} from
 * @param {number} stride
 * @param {number} count
 * @param {Uint32Array} lut
 * @param {Uint32Array} out
 * @param {number} at
 */
export function greyRun(bytes, from, stride, count, lut, out, at) {
  const half = bytes.length >> 1;
  for (let n = from, end = at + count; at < end; at++, n += stride) {
    out[at] = lut[(bytes[half + n] << 8) | bytes[n]];
  }
}
