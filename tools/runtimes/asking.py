"""Ask a runtime of JavaScript what a bundle's model gives on its test vectors."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import MeasureError
from harness.deploy.received import Received
from harness.measure.files.model_file import read_model

HERE = Path(__file__).resolve().parent
PACKAGES = {"node": ("onnxruntime-node",), "web": ("onnxruntime-web", "playwright-core")}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
GRACE_S = 30  # for a browser to start and to be closed, beyond the page's own limit


def missing(runtime: str) -> str | None:
    """What a runtime lacks on this machine, and what to do; None where it can be used."""
    if shutil.which("node") is None:
        return "Node.js is missing; install the package nodejs"
    absent = [name for name in PACKAGES[runtime] if not (HERE / "node_modules" / name).is_dir()]
    if absent:
        return f"{', '.join(absent)}: not installed; `make validate-{runtime} BUNDLE=folder` does that"
    if runtime == "web" and browser() is None:
        return "no Chromium was found; install the package chromium"
    return None


def browser() -> str | None:
    """The path of the system's Chromium or Chrome; None where there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def ask(
    runtime: str,
    bundle: Received,
    inputs: Sequence[NDArray[Any]],
    *,
    threads: int = 1,
    seconds: float = 2,
    timeout_s: float = 120,
) -> dict[str, Any]:
    """What the runtime answers: its name as `runtime`, the `outputs` in order, and `latency`; or an `error`.

    `inputs` are arrays in the order of the model's inputs; it is timed for `seconds`.

    Raises:
        MeasureError: the runtime is missing here, or hung or died.
    """
    lack = missing(runtime)
    if lack is not None:
        raise MeasureError(lack)
    with tempfile.TemporaryDirectory(prefix="harness-runtime-") as scratch:
        path = Path(scratch) / "job.json"
        settings = {"threads": threads, "seconds": seconds, "timeout_s": timeout_s}
        path.write_text(json.dumps(_job(runtime, bundle, inputs, path) | settings))
        command = ["node", str(HERE / f"{runtime}.mjs"), str(path)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s + GRACE_S, check=False)
        except subprocess.TimeoutExpired:
            raise MeasureError(f"{runtime}: hung: no answer for {timeout_s + GRACE_S:g} s") from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise MeasureError(f"{runtime}: died without an answer ({said})") from None
    return answer


def _job(runtime: str, bundle: Received, arrays: Sequence[NDArray[Any]], path: Path) -> dict[str, Any]:
    """What JavaScript is asked. A browser is served `files` by their numbers, the job at `path` being the first."""
    model = bundle.model.resolve()
    job: dict[str, Any] = {"model": str(model), "outputs": [one.name for one in bundle.manifest.outputs]}
    job["inputs"] = [
        {"name": one.name, "type": one.dtype, "dims": array.shape, "file": str(_raw(array, path, index))}
        for index, (one, array) in enumerate(zip(bundle.manifest.inputs, arrays, strict=True))
    ]
    if runtime == "node":
        return job
    external = read_model(model).external
    files = [str(path), str(model), *map(str, external)]
    job["external"] = [
        {"path": file.relative_to(model.parent).as_posix(), "file": 2 + index} for index, file in enumerate(external)
    ]
    for one in job["inputs"]:
        files.append(one["file"])
        one["file"] = len(files) - 1
    return job | {"model": 1, "files": files, "browser": browser()}


def _raw(array: NDArray[Any], job: Path, index: int) -> Path:
    """A file of the array's numbers alone, little-endian, beside the job."""
    path = job.with_name(f"{index}.raw")
    path.write_bytes(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return path
