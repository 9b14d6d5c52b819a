// `node node.mjs JOB.json`: run the job's model in onnxruntime-node, on the CPU, and print the answer as JSON.
import { readFile } from "node:fs/promises";
import { run } from "./running.mjs";

async function answer(job) {
  const ort = await import("onnxruntime-node");
  const session = await ort.InferenceSession.create(job.model, {
    executionProviders: ["cpu"],
    intraOpNumThreads: job.threads,
    interOpNumThreads: 1,
  });
  const found = await run(ort, session, job, readFile, (bytes) => Buffer.from(bytes).toString("base64"));
  return { runtime: `onnxruntime-node ${ort.env.versions.node}, Node.js ${process.versions.node}`, ...found };
}

const job = JSON.parse(await readFile(process.argv[2], "utf8"));
const found = await answer(job).catch((error) => ({ error: String(error?.message ?? error) }));
process.stdout.write(JSON.stringify(found), () => process.exit(0));
