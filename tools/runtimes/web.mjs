// `node web.mjs JOB.json`: run the job's model in onnxruntime-web, as WebAssembly in a headless browser, and print the
// answer as JSON. The page, the runtime and the job's files are served on the loopback alone.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const RUNTIME = join(HERE, "node_modules", "onnxruntime-web");
const TYPES = { ".html": "text/html", ".mjs": "text/javascript", ".wasm": "application/wasm", ".json": "application/json" };
// What makes a page isolated, which gives it shared memory and a finer clock.
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

// The file behind a URL's path: the page's own, the runtime's, or one of the job's by its number; else null.
function fileOf(path, job) {
  if (path === "/page.html" || path === "/running.mjs") return join(HERE, path.slice(1));
  if (/^\/ort\/[\w.-]+$/.test(path)) return join(RUNTIME, "dist", path.slice(5));
  const number = /^\/file\/(\d+)$/.exec(path);
  return number ? (job.files[Number(number[1])] ?? null) : null;
}

async function served(job) {
  const server = createServer(async (request, response) => {
    try {
      const file = fileOf(request.url, job);
      if (file === null) throw new Error("no such file");
      const type = TYPES[extname(file)] ?? "application/octet-stream";
      const content = await readFile(file);
      response.writeHead(200, { "Content-Type": type, ...ISOLATED }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}

async function answer(job) {
  const { chromium } = await import("playwright-core");
  const { version } = JSON.parse(await readFile(join(RUNTIME, "package.json"), "utf8"));
  const server = await served(job);
  // A browser's own sandbox does not work for root; what runs here is this folder's page, and nothing from outside.
  const browser = await chromium.launch({ executablePath: job.browser, chromiumSandbox: process.getuid?.() !== 0 });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(1000 * job.timeout_s);
    await page.goto(`http://127.0.0.1:${server.address().port}/page.html`);
    await page.waitForFunction("window.answer !== undefined || window.failure !== undefined");
    const [found, failure] = await page.evaluate("[window.answer, window.failure]");
    if (failure) throw new Error(failure);
    return { runtime: `onnxruntime-web ${version} (WebAssembly), Chromium ${browser.version()}`, ...found };
  } finally {
    await browser.close();
    server.close();
  }
}

const job = JSON.parse(await readFile(process.argv[2], "utf8"));
// The page asks for its job as file 0, and for all other files by their numbers there.
const found = await answer(job).catch((error) => ({ error: String(error?.message ?? error) }));
process.stdout.write(JSON.stringify(found), () => process.exit(0));
