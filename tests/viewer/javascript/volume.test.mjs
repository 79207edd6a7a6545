// The order in which slabs are asked for, at a real server.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { test } from "node:test";
import { Volume } from "../../../han5k_review/viewer/assets/net/volume.js";

const BYTES = Buffer.alloc(2 * 2 * 2); // 2 x 2 voxels, one slice
const SHA256 = createHash("sha256").update(BYTES).digest("hex");

test("the slab of the slice that is wanted first is asked for alone, then three at once", async (context) => {
  /** @type {string[]} */
  const asked = [];
  /** @type {(() => void)[]} */
  const waiting = [];
  let look = () => {};
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    waiting.push(() => response.end(BYTES));
    look();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(null)));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const until = (count) =>
    new Promise((done) => {
      look = () => asked.length >= count && done(null);
      look();
    });
  const slabs = [0, 1, 2, 3, 4].map((first) => ({
    first,
    slices: 1,
    sha256: SHA256,
    url: `http://127.0.0.1:${port}/${first}`,
  }));
  const loaded = [];
  const index = { shape: [2, 2, 5], spacing_mm: [1, 1, 1], affine_ras: [], slabs, oblique: false };
  const volume = new Volume(index, (_, slab) => loaded.push(slab.first), {
    network: () => {},
    expired: () => {},
  });
  volume.want(2);
  await until(1);
  assert.equal(volume.inFlight, 1);
  waiting.shift()?.();
  await until(4);
  assert.equal(asked[0], "/2");
  assert.deepEqual(loaded, [2]);
  assert.equal(volume.inFlight, 3);
  volume.close();
});
