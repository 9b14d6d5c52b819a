"""Is the graph that harness exports as fast as the one that PyTorch's exporters write? `make bench-export`.

Networks of keras.applications beside torchvision's of the same name, with random weights, at batch 1 on one thread, in
one paired run for each network: ours for any batch and for that one, theirs by PyTorch's default exporter and by
TorchScript. All take images of 224x224 pixels, channels first. The figures go to bench/results/export.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.base.crash import scratch
from harness.base.errors import HarnessError
from harness.base.keras_import import import_keras
from harness.base.progress import Progress
from harness.cli.terminal import print_lines, terminal
from harness.measure.comparison import Comparison
from harness.measure.measurement import Measurement
from harness.measure.protocol import measure
from harness.measure.runtime.environment import describe
from harness.spec import ExportSpec, MeasureSpec

RESULT = Path(__file__).parent / "results" / "export.md"
SCRIPT = Path(__file__).parent / "peers" / "theirs" / "with_torchvision.py"
NETWORKS = {
    "ResNet50": "resnet50",
    "MobileNetV2": "mobilenet_v2",
    "EfficientNetB0": "efficientnet_b0",
    "DenseNet121": "densenet121",
}
OURS = {"any batch": ExportSpec(layout="nchw"), "batch 1": ExportSpec(layout="nchw", batch=1)}
THEIRS = {"default": "PyTorch's default exporter", "torchscript": "TorchScript's exporter"}
SAME_WORK = 0.005  # by so much of the multiply-accumulates may both differ
WANTED = 0.97  # the lower bound of how many times as fast as theirs ours is


@dataclass(frozen=True)
class Found:
    """A network's measurement: the files of OURS first, then those of THEIRS."""

    name: str
    measured: Measurement

    def speedup(self, theirs: int, ours: int) -> Comparison:
        """How many times as fast as one of theirs one of ours is, by their places."""
        return self.measured.compare(len(OURS) + theirs, ours, 1)

    @property
    def macs(self) -> tuple[int, int]:
        """Multiply-accumulates of ours, and of theirs."""
        ours, theirs = (self.measured.models[place].macs or 0 for place in (0, len(OURS)))
        return ours, theirs

    def check_measured(self) -> None:
        """Raise SystemExit where a file was not measured, or too seldom for an interval."""
        error = next((row.error for row in self.measured.rows if row.error), None)
        both = [self.speedup(theirs, ours) for theirs in range(len(THEIRS)) for ours in range(len(OURS))]
        if error or any(each.ci_low is None for each in both):
            why = error or "too few launches were undisturbed; run it again when the machine is idle, or for longer"
            raise SystemExit(f"{self.name}: can't be measured: {why}")

    def check_same_work(self) -> None:
        """Raise SystemExit where the two do not compute as much, so that speeds say nothing of exporters."""
        ours, theirs = self.macs
        if not ours or abs(ours - theirs) > SAME_WORK * theirs:
            raise SystemExit(f"{self.name}: {ours:,} multiply-accumulates in ours, {theirs:,} in theirs: not the same")


def ours(name: str, folder: Path) -> Iterator[Path]:
    """The files that harness writes, each in agreement with Keras."""
    keras = import_keras()
    from harness.export import export, random_examples

    keras.utils.set_random_seed(0)
    model = getattr(keras.applications, name)(weights=None, classifier_activation=None)
    for number, asked in enumerate(OURS.values()):
        path = folder / f"ours{number}.onnx"
        export(model, path, random_examples(model, count=2), asked)
        yield path


def theirs(name: str, python: Path, folder: Path) -> Iterator[Path]:
    """The files that PyTorch's exporters write, in their own environment."""
    command = [str(python), str(SCRIPT), NETWORKS[name], "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise HarnessError(f"{SCRIPT.name} failed: {(done.stderr.strip() or 'it says nothing').splitlines()[-1]}")
    yield from (folder / f"{exporter}.onnx" for exporter in THEIRS)


def found(name: str, python: Path, seconds: float, progress: Progress) -> Found:
    """Export, and measure all files of a network beside one another."""
    spec = MeasureSpec(device="cpu", batch_sizes=(1,), threads=1, budget_s=seconds)
    with scratch() as folder:
        with progress.task(f"{name}: export"):
            files = [*ours(name, folder), *theirs(name, python, folder)]
        one = Found(name, measure(files, spec, progress=progress))
    one.check_same_work()
    one.check_measured()
    return one


def markdown(all_found: Sequence[Found], seconds: float) -> str:
    """The whole page."""
    machine = describe()
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    options = "" if len(all_found) == len(NETWORKS) else f" --networks {' '.join(one.name for one in all_found)}"
    heads = [f"{ours}, against {theirs}" for theirs in THEIRS.values() for ours in OURS]
    return "\n".join(
        [
            "# Beside PyTorch's exporters",
            "",
            f"`python -m bench.exporters{options}` (`make bench-export`) on {machine['cpu']}, "
            f"{len(machine['affinity'])} CPUs, load {os.getloadavg()[0]:.1f}; {versions}; theirs: "
            "[requirements.lock](../peers/theirs/requirements.lock).",
            "",
            "How many times as fast as the file that PyTorch writes of torchvision's network ours of Keras's is, with "
            "95 % intervals: random weights, batch 1, one thread, 224x224 pixels, channels first in all files, a "
            f"paired run of {seconds:g} s for each network. Ours is exported for any batch, or for batch 1 alone, as "
            "PyTorch does by default. Both do the same work: torchvision's ResNet50 has its strides where Keras has "
            "them, and its EfficientNet scales its images, as Keras's does. Wanted: a lower bound of "
            f"{WANTED:g} or more.",
            "",
            f"| | MACs, ours and theirs, millions | {' | '.join(heads)} |",
            "|---|---|" + "---|" * len(heads),
            *(_row(one) for one in all_found),
            "",
            *(unmet(all_found) or [f"Every lower bound is {WANTED:g} or more."]),
        ]
    )


def unmet(all_found: Sequence[Found]) -> list[str]:
    """The lower bounds that are less than wanted, a line each."""
    return [
        f"- {one.name}, {name}, against {exporter}: {_cell(one.speedup(theirs, ours))}, wanted {WANTED:g} or more."
        for one in all_found
        for theirs, exporter in enumerate(THEIRS.values())
        for ours, name in enumerate(OURS)
        if (one.speedup(theirs, ours).ci_low or 0) < WANTED
    ]


def _row(one: Found) -> str:
    cells = [_cell(one.speedup(theirs, ours)) for theirs in range(len(THEIRS)) for ours in range(len(OURS))]
    work = ", ".join(f"{macs / 1e6:,.1f}" for macs in one.macs)
    return f"| {' | '.join([one.name, work, *cells])} |"


def _cell(each: Comparison) -> str:
    return f"{each.speedup:.2f} [{each.ci_low:.2f}, {each.ci_high:.2f}]"


def main() -> None:
    """Measure the networks, one after the other, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, required=True, help="of the environment with PyTorch")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--seconds", type=float, default=180.0, help="of measuring each network")
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    progress = terminal(quiet=False)
    all_found = [found(name, given.python, given.seconds, progress) for name in given.networks]
    given.output.write_text(markdown(all_found, given.seconds) + "\n", encoding="utf-8")
    print_lines(f"Figures: {given.output}", *unmet(all_found))


if __name__ == "__main__":
    main()
