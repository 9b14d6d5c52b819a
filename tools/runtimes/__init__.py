"""A bundle in other runtimes: onnxruntime on Node.js, and onnxruntime-web as WebAssembly in a headless browser.

`validate` reads a bundle's test vectors (`vectors`), has JavaScript run the model on them (`node.mjs`, or `web.mjs`
with `page.html`; both share `running.mjs`), and compares what comes back (`comparing`).
"""
