// CT slabs as they come over the wire: k-major int16, low bytes first, then all high bytes.
//
// A slab is never unshuffled: a reader of one voxel joins its two bytes, which spares the main
// thread a pass over 4 MB per slab while the case loads. No DOM.

/** Which slab holds slice k, by a binary search over `first`. */
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

/** Indices of the slabs still wanted, nearest to slice k first. */
export function slabOrder(slabs, k, isWanted) {
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

/** The int16 at position n of a shuffled slab. */
export function valueAt(bytes, n) {
  const half = bytes.length >> 1;
  return ((bytes[half + n] << 24) >> 16) | bytes[n];
}

/** Grey words of `count` voxels from position `from`, every `stride`, into out[at...]. */
export function greyRun(bytes, from, stride, count, lut, out, at) {
  const half = bytes.length >> 1;
  for (let n = from, end = at + count; at < end; at++, n += stride) {
    out[at] = lut[(bytes[half + n] << 8) | bytes[n]];
  }
}
