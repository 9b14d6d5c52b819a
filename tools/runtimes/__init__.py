"""A bundle in other runtimes: onnxruntime on Node.js, and onnxruntime-web as WebAssembly in a headless browser.

`validate` checks a bundle as `harness validate` does, has JavaScript run the model on its test vectors (`asking`;
`node.mjs`, or `web.mjs` with `page.html`; both share `running.mjs`), and compares what comes back.
"""
