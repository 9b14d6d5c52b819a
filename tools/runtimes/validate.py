"""`python -m tools.runtimes.validate node|web BUNDLE`: does a bundle compute the same in another runtime?

Exit codes: 0 it does, 1 it does not, 2 that could not be asked.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from harness.base.errors import HarnessError, MeasureError
from tools.runtimes.comparing import TOLERANCE, differences
from tools.runtimes.vectors import Bundle, read_bundle, written

HERE = Path(__file__).resolve().parent
PACKAGES = {"node": ("onnxruntime-node",), "web": ("onnxruntime-web", "playwright-core")}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
GRACE_S = 30  # for a browser to be closed, beyond its own limit


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


def run(
    runtime: str, bundle: Bundle, *, threads: int = 1, seconds: float = 2, timeout_s: float = 120
) -> dict[str, Any]:
    """What the runtime answers: `runtime`, the outputs of all sets as `sets`, and `latency`; or an `error`.

    Raises:
        MeasureError: the runtime is missing here, or hung or died.
    """
    lack = missing(runtime)
    if lack is not None:
        raise MeasureError(lack)
    with tempfile.TemporaryDirectory(prefix="harness-runtime-") as scratch:
        job = _job(runtime, bundle, Path(scratch)) | {"threads": threads, "seconds": seconds, "timeout_s": timeout_s}
        path = Path(scratch) / "job.json"
        path.write_text(json.dumps(job))
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


def _job(runtime: str, bundle: Bundle, scratch: Path) -> dict[str, Any]:
    """What JavaScript is asked. A browser is served files by their numbers, the job itself being the first."""
    sets = written(bundle.sets, bundle.input_names, scratch)
    model = bundle.file.path.resolve()
    job: dict[str, Any] = {"model": str(model), "sets": sets, "outputs": bundle.output_names, "external": []}
    if runtime == "node":
        return job
    external = [str(path) for path in bundle.file.external]
    files = [str(scratch / "job.json"), str(model), *external]
    for one in (one for inputs in sets for one in inputs):
        files.append(one["file"])
        one["file"] = len(files) - 1
    places = [str(Path(path).relative_to(model.parent)) for path in external]
    job["external"] = [{"path": place, "file": 2 + index} for index, place in enumerate(places)]
    return job | {"model": 1, "files": files, "browser": browser()}


def verdict(bundle: Bundle, answer: dict[str, Any], tolerance: float) -> dict[str, Any]:
    """The answer as it is told: the differences in place of the outputs, and whether they are `within` tolerance."""
    if "error" in answer:
        return {"within": False, "error": " ".join(answer["error"].split())}
    found = differences(bundle, answer["sets"])
    told = {name: value if value != float("inf") else None for name, value in found.items()}
    within = max(found.values()) <= tolerance
    return {"within": within, "tolerance": tolerance, "differences": told} | {
        key: answer[key] for key in ("runtime", "latency")
    }


def lines(found: dict[str, Any]) -> list[str]:
    """The same in sentences."""
    if "error" in found:
        return [f"does not run there: {found['error']}"]
    worst = [value for value in found["differences"].values() if value is not None]
    same = (
        f"largest difference {max(worst, default=0):.1e} of the outputs' spread, at most {found['tolerance']:g} is fine"
    )
    other = [name for name, value in found["differences"].items() if value is None]
    latency = found["latency"]
    return [
        f"{found['runtime']}: {'computes the same' if found['within'] else 'does not compute the same'}; {same}",
        *(f"{name}: another shape, type or other places that are not finite" for name in other),
        f"the first set takes {latency['median_us']:,.0f} µs, nine in ten blocks below {latency['p90_us']:,.0f} µs "
        f"({latency['runs']:,} runs in one process: no measurement to compare with others)",
    ]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tools.runtimes.validate", description=__doc__)
    parser.add_argument("runtime", choices=sorted(PACKAGES))
    parser.add_argument("bundle", type=Path, help="a folder with model.onnx and test_data_set_0")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="a share of the outputs' spread")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2, help="how long to time it")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    try:
        bundle = read_bundle(chosen.bundle)
        answer = run(chosen.runtime, bundle, threads=chosen.threads, seconds=chosen.seconds)
    except HarnessError as error:
        sys.stderr.write(f"validate: {error}\n")
        return 2
    found = verdict(bundle, answer, chosen.tolerance)
    sys.stdout.write((json.dumps(found, indent=2) if chosen.json else "\n".join(lines(found))) + "\n")
    return 0 if found["within"] else 1


if __name__ == "__main__":
    sys.exit(main())
