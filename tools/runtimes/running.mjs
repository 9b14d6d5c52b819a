// Run a model on the inputs of a job, and time it: the same on Node.js and in a browser.

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
};
const BLOCK_MS = 5; // browsers' clocks are coarse: so long a block is timed as one

// job: {inputs: [{name, type, dims, file}], outputs: [name], seconds}; bytesOf(file) gives a Uint8Array.
export async function run(ort, session, job, bytesOf, base64) {
  const feed = await feedOf(ort, job.inputs, bytesOf);
  const found = await session.run(feed);
  const outputs = job.outputs.map((name) => told(found[name], base64));
  return { outputs, latency: await timed(() => session.run(feed), job.seconds) };
}

async function feedOf(ort, inputs, bytesOf) {
  const feed = {};
  for (const { name, type, dims, file } of inputs) {
    const bytes = await bytesOf(file);
    const copy = bytes.slice().buffer; // starts where every type may start
    feed[name] = new ort.Tensor(type, new ARRAYS[type](copy), dims);
  }
  return feed;
}

function told(tensor, base64) {
  const data = tensor.data;
  if (!ArrayBuffer.isView(data)) throw new Error(`an output of type ${tensor.type} can't be compared`);
  return {
    type: tensor.type,
    dims: Array.from(tensor.dims),
    data: base64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  };
}

// Microseconds of one run: the median and the ninth decile of blocks, after as long a warm-up.
async function timed(once, seconds) {
  const start = performance.now();
  let runs = 0;
  while (performance.now() - start < Math.min(1000, 200 * seconds) || runs < 3) {
    await once();
    runs += 1;
  }
  const each = (performance.now() - start) / runs;
  const size = Math.max(1, Math.ceil(BLOCK_MS / each));
  const blocks = [];
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end || blocks.length < 5) {
    const before = performance.now();
    for (let index = 0; index < size; index += 1) await once();
    blocks.push((1000 * (performance.now() - before)) / size);
  }
  blocks.sort((a, b) => a - b);
  return {
    median_us: blocks[Math.floor(blocks.length / 2)],
    p90_us: blocks[Math.floor(0.9 * (blocks.length - 1))],
    runs: blocks.length * size,
  };
}
