"""All that needs a GPU, in one command: `make bench-cuda`, or `python -m bench.cuda` where there is no network.

Proves that CUDA runs, measures networks in all three modes, and runs the self-test there. Needs onnxruntime-gpu, onnx,
NumPy, SciPy, pydantic and psutil; neither Keras nor TensorFlow. Writes bench/results/cuda-GPU.md, with the raw samples
beside it, and selftest-cuda.*. Exit code 2 where CUDA does not run.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import selftest
from bench.networks import chain, classifier
from harness.doctor.providers import CUDA, tried
from harness.measure.advice import advice
from harness.measure.measurement import Measurement
from harness.measure.protocol import measure
from harness.measure.runtime.environment import describe
from harness.spec import MeasureSpec


def own_networks(folder: Path) -> dict[str, list[Path]]:
    """Groups of networks, each measured together: the first of a group is its baseline."""
    widths = (64, 60, 48, 32, 16)
    return {
        "widths": [classifier(folder / f"width-{width}.onnx", (width,) * 3, side=64, channels=3) for width in widths],
        "depths": [chain(folder / f"depth-{blocks}.onnx", blocks, channels=32, side=28) for blocks in (20, 21, 40)],
    }


def exported_networks(folder: Path) -> dict[str, list[Path]]:
    """A folder's files, in groups that take the same inputs."""
    from harness.measure.files.model_file import read_model

    groups: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.onnx")):
        taken = ", ".join(f"{'x'.join(map(str, (one.shape or ())[1:]))}:{one.dtype}" for one in read_model(path).inputs)
        groups.setdefault(f"exported, {taken}", []).append(path)
    return groups


def markdown(measurements: Mapping[str, Measurement], environment: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items() if version)
    lines = ["# Measured on CUDA", ""]
    lines += [f"{gpu['name']}, driver {gpu['driver_version']}, {gpu['clocks.max.sm']}" for gpu in environment["gpus"]]
    lines += ["", f"{versions}. Made by `make bench-cuda`.", ""]
    for name, found in measurements.items():
        lines += [f"## {name}", "", *_table(found), ""]
        lines += [f"- {line}" for line in advice(found, found.compare_all())]
        lines.append("")
    return "\n".join(lines)


def _table(found: Measurement) -> list[str]:
    lines = [
        "| network | batch | mode | device | median us | against the first | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    compared = {(each.candidate, each.batch, each.mode): each for each in found.compare_all()}
    for row in found.rows:
        each = compared.get((row.model, row.batch, row.mode))
        known = each is not None and each.ci_low is not None
        speedup = f"{each.speedup:.3f}x ({each.ci_low:.3f} to {each.ci_high:.3f})" if each and known else "–"
        median = "–" if row.median_us is None else f"{row.median_us:.1f}"
        verdict = row.error or (each.verdict if each else "–")
        name = Path(found.models[row.model].path).stem
        lines.append(f"| {name} | {row.batch} | {row.mode} | {row.device} | {median} | {speedup} | {verdict} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onnx", type=Path, help="a folder of ONNX files to measure too")
    parser.add_argument("--budget", type=float, default=60, help="seconds for each group of networks")
    parser.add_argument("--no-selftest", action="store_true")
    parser.add_argument("--out", type=Path, default=selftest.RESULTS)
    chosen = parser.parse_args()
    trial = tried(CUDA)
    if not trial.runs:
        selftest.say(f"CUDA does not run here: {trial.why}")
        sys.exit(2)
    environment = describe()
    gpu = re.sub(r"[^a-z0-9]+", "-", environment["gpus"][0]["name"].lower()).strip("-")
    spec = MeasureSpec(device="cuda", modes=("end_to_end", "device", "cuda_graph"), budget_s=chosen.budget)
    with tempfile.TemporaryDirectory(prefix="harness-cuda-") as folder:
        groups = own_networks(Path(folder)) | (exported_networks(chosen.onnx) if chosen.onnx else {})
        measurements = {}
        for name, paths in groups.items():
            selftest.say(f"{name} ...")
            measurements[name] = measure(paths, spec)
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / f"cuda-{gpu}.md").write_text(markdown(measurements, environment))
    for number, each in enumerate(measurements.values()):
        (chosen.out / f"cuda-{gpu}-{number}.json").write_text(each.model_dump_json())
    if not chosen.no_selftest:
        sys.exit(selftest.write(selftest.Plan("cuda"), tuple(selftest.PARTS), chosen.out))


if __name__ == "__main__":
    main()
