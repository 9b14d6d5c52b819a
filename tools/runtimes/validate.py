"""`python -m tools.runtimes.validate node|web BUNDLE`: does a bundle compute the same in another runtime?

Exit codes: 0 it does, 1 it does not, does not run there, or is damaged, 2 that could not be asked.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DamagedError, HarnessError
from harness.deploy.manifest import Manifest
from harness.deploy.received import receive
from harness.deploy.vectors import distance, read_vectors, tolerance
from tools.runtimes.asking import PACKAGES, ask


def validated(runtime: str, folder: Path, **settings: Any) -> dict[str, Any]:
    """What became of a bundle in a runtime: `same`, and the evidence. The settings are those of `ask`.

    Raises:
        DamagedError: the bundle is not what its manifest says.
        HarnessError: it is no bundle, or the runtime is missing here, hung or died.
    """
    with tempfile.TemporaryDirectory(prefix="harness-bundle-") as scratch:
        bundle = receive(folder, Path(scratch))
        inputs, expected = read_vectors(bundle.folder, bundle.manifest)
        answer = ask(runtime, bundle, inputs, **settings)
    if "error" in answer:
        return {"same": False, "error": " ".join(answer["error"].split())}
    outputs = compared(bundle.manifest, expected, [array_of(one) for one in answer["outputs"]])
    return {
        "same": all(one["within"] for one in outputs.values()),
        "runtime": answer["runtime"],
        "examples": bundle.manifest.vectors.examples,
        "outputs": outputs,
        "latency": answer["latency"],
    }


def array_of(told: Mapping[str, Any]) -> NDArray[Any]:
    """An output as JavaScript tells it: its type, sizes and little-endian bytes in base64."""
    values = np.frombuffer(base64.b64decode(told["data"]), dtype=np.dtype(told["type"]).newbyteorder("<"))
    return values.reshape(told["dims"])


def compared(
    manifest: Manifest, expected: Sequence[NDArray[Any]], found: Sequence[NDArray[Any]]
) -> dict[str, dict[str, Any]]:
    """Each output's difference and tolerance, as shares of its spread; the difference is None for another shape."""
    told = {}
    for output, wanted, given in zip(manifest.outputs, expected, found, strict=True):
        far, allowed = distance(wanted, given), tolerance(output)
        told[output.name] = {
            "difference": far if math.isfinite(far) else None,
            "tolerance": allowed,
            "within": far <= allowed,
        }
    return told


def lines(found: Mapping[str, Any]) -> list[str]:
    """The same in sentences."""
    if "error" in found:
        return [f"does not run there: {found['error']}"]
    latency = found["latency"]
    return [
        f"{found['runtime']}: {'computes the same' if found['same'] else 'does not compute the same'}",
        *(f"{name}: {_output(one)}" for name, one in found["outputs"].items()),
        f"{found['examples']} examples take {latency['median_us']:,.0f} µs, in nine of ten blocks less than "
        f"{latency['p90_us']:,.0f} µs ({latency['runs']:,} runs of one process: no measurement to compare with others)",
    ]


def _output(one: Mapping[str, Any]) -> str:
    if one["difference"] is None:
        return "has another shape, or numbers that are not finite"
    verdict = "within" if one["within"] else "beyond"
    return f"differs by {one['difference']:.1e} of its spread, {verdict} the {one['tolerance']:.1e} that it may"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tools.runtimes.validate", description=__doc__)
    parser.add_argument("runtime", choices=sorted(PACKAGES))
    parser.add_argument("bundle", type=Path, help="a folder that `harness bundle` wrote")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2, help="how long to time it")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    try:
        found = validated(chosen.runtime, chosen.bundle, threads=chosen.threads, seconds=chosen.seconds)
    except HarnessError as error:
        sys.stderr.write(f"validate: {error}\n")
        return 1 if isinstance(error, DamagedError) else 2
    sys.stdout.write((json.dumps(found, indent=2) if chosen.json else "\n".join(lines(found))) + "\n")
    return 0 if found["same"] else 1


if __name__ == "__main__":
    sys.exit(main())
