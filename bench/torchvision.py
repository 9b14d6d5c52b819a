"""What pruning by half leaves of torchvision's classifiers, and whether it is proved: `make bench-torchvision`.

Each family of its documentation, with random weights, written by both of PyTorch's exporters in the environment of the
other pruners. A row that is finished is kept in the store, so that a run that was interrupted goes on where it stopped;
the figures go to bench/results/torchvision.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path

from harness.base.crash import scratch
from harness.base.errors import HarnessError
from harness.base.progress import Progress
from harness.base.store import Store, digest
from harness.cli.terminal import print_lines, terminal
from harness.measure.runtime.environment import describe

RESULT = Path(__file__).parent / "results" / "torchvision.md"
SCRIPT = Path(__file__).parent / "peers" / "theirs" / "with_classifiers.py"
SOURCES = (SCRIPT, SCRIPT.with_name("torchvisions.py"), SCRIPT.with_name("requirements.lock"))
PRUNER = Path(__file__).parents[1] / "harness"
EXPORTERS = ("default", "torchscript")
RATIO = 0.5
SIDE = 96
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "AlexNet": ("alexnet",),
    "ConvNeXt": ("convnext_tiny",),
    "DenseNet": ("densenet121",),
    "EfficientNet": ("efficientnet_b0",),
    "EfficientNetV2": ("efficientnet_v2_s",),
    "GoogLeNet": ("googlenet",),
    "Inception V3": ("inception_v3",),
    "MaxVit": ("maxvit_t",),
    "MNASNet": ("mnasnet1_0",),
    "MobileNet V2": ("mobilenet_v2",),
    "MobileNet V3": ("mobilenet_v3_small", "mobilenet_v3_large"),
    "RegNet": ("regnet_x_400mf", "regnet_y_400mf"),
    "ResNet": ("resnet18", "resnet50"),
    "ResNeXt": ("resnext50_32x4d",),
    "ShuffleNet V2": ("shufflenet_v2_x1_0",),
    "SqueezeNet": ("squeezenet1_1",),
    "SwinTransformer": ("swin_t", "swin_v2_t"),
    "VGG": ("vgg11", "vgg11_bn"),
    "VisionTransformer": ("vit_b_16",),
    "Wide ResNet": ("wide_resnet50_2",),
}
SIDES = {"alexnet": 224, "maxvit_t": 224, "vgg11": 224, "vgg11_bn": 224}  # their poolings take no others
OPTIONS = {
    "googlenet": ("init_weights=0", "aux_logits=0"),
    "inception_v3": ("init_weights=0", "aux_logits=0"),
    "vit_b_16": (f"image_size={SIDE}",),
}


@dataclass(frozen=True)
class Row:
    """A network by one exporter: shares that are left, the largest difference of the proof; or why there is none.

    `pinned` counts the nodes that keep their channels, by the reason.
    """

    network: str
    exporter: str
    seconds: float = 0.0
    parameters: int = 0
    weights: float | None = None
    macs: float | None = None
    difference: float | None = None
    float64: bool = False
    pinned: Mapping[str, int] = field(default_factory=dict)
    why: str = ""

    def line(self) -> str:
        """A line of the table."""
        head = f"| {self.network} | {self.exporter} |"
        if self.weights is None or self.difference is None:
            return f"{head} | | | {self.why} | | |"
        macs = "not counted" if self.macs is None else f"{100 * self.macs:.1f} %"
        proof = f"{self.difference:.1e}" + (", in float64" if self.float64 else "")
        pinned = "; ".join(f"{reason} ({count})" for reason, count in self.pinned.items())
        return (
            f"{head} {self.parameters / 1e6:.1f} | {100 * self.weights:.1f} % | {macs} | {proof} | {pinned} "
            f"| {self.seconds:.0f} |"
        )


def export(network: str, exporter: str, python: Path, file: Path) -> None:
    """Have PyTorch write a file, in its own environment."""
    command = [str(python), str(SCRIPT), network, str(file), "--exporter", exporter]
    command += ["--side", str(SIDES.get(network, SIDE))]
    command += [part for option in OPTIONS.get(network, ()) for part in ("--option", option)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or "it says nothing").splitlines()[-1]
        raise HarnessError(f"PyTorch can't export it: {last}")


def pruned(network: str, exporter: str, file: Path) -> Row:
    """Prune and prove one file."""
    import harness

    started = time.perf_counter()
    try:
        result = harness.prune(file, ratio=RATIO)
    except HarnessError as error:
        return Row(network, exporter, time.perf_counter() - started, why=str(error).replace(str(file), "it"))
    told = result.report
    counted = told.macs_before is not None and told.macs_after is not None
    return Row(
        network,
        exporter,
        time.perf_counter() - started,
        told.parameters_before,
        told.parameters_after / told.parameters_before,
        (told.macs_after or 0) / told.macs_before if counted and told.macs_before else None,
        result.proof.largest_difference,
        any("float64" in trial for trial in result.proof.trials),
        kinds(told.pinned),
    )


def kinds(pinned: Mapping[str, str]) -> dict[str, int]:
    """How many nodes keep their channels for each reason, without the names of nodes, the most frequent first."""
    return dict(Counter(re.sub(r"'[^']*' ", "", why) for why in pinned.values()).most_common())


def row(network: str, exporter: str, python: Path, store: Store) -> Row:
    """A row, from the store where it was made before; each in a process of its own, whose crash costs that row."""

    def make(folder: Path) -> None:
        with scratch() as space, ProcessPoolExecutor(1, get_context("spawn")) as pool:
            export(network, exporter, python, space / "net.onnx")
            found = pool.submit(pruned, network, exporter, space / "net.onnx").result()
        (folder / "row.json").write_text(json.dumps(asdict(found)), encoding="utf-8")

    inputs = {"network": network, "exporter": exporter, "ratio": RATIO, "side": SIDES.get(network, SIDE)}
    try:
        made = store.get("bench-torchvision", {**inputs, "code": _code()}, make)
    except (HarnessError, BrokenProcessPool) as error:
        return Row(network, exporter, why=str(error))
    return Row(**json.loads(made.path("row.json").read_text(encoding="utf-8")))


def _code() -> str:
    """What a row depends on beside its network: the pruner's source, what counts, and what writes the file."""
    folders = [PRUNER / "channels", PRUNER / "prune" / "onnx", PRUNER / "measure" / "files"]
    return digest([path.read_text(encoding="utf-8") for each in folders for path in sorted(each.rglob("*.py"))] + [
        path.read_text(encoding="utf-8") for path in SOURCES
    ])  # fmt: skip


def rows(networks: Sequence[str], python: Path, store: Store, progress: Progress) -> Iterator[Row]:
    """All networks by both exporters."""
    for network in networks:
        for exporter in EXPORTERS:
            with progress.task(f"{network}, {exporter}"):
                yield row(network, exporter, python, store)


def proved(found: Sequence[Row]) -> list[str]:
    """The families of which every network is proved, by both exporters."""
    done = {(one.network, one.exporter) for one in found if one.difference is not None}
    wanted = {
        family: {(network, exporter) for network in networks for exporter in EXPORTERS}
        for family, networks in FAMILIES.items()
    }
    return [family for family, both in wanted.items() if both <= done]


def page(found: Sequence[Row]) -> str:
    """The table, and where it was made."""
    machine = describe()
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    asked = list(dict.fromkeys(one.network for one in found))
    everything = [network for networks in FAMILIES.values() for network in networks]
    options = "" if asked == everything else f" --networks {' '.join(asked)}"
    return "\n".join(
        [
            "# Torchvision's classifiers, pruned by half and proved",
            "",
            f"`python -m bench.torchvision{options}` (`make bench-torchvision`) on {machine['cpu']}, "
            f"{len(machine['affinity'])} CPUs, load {os.getloadavg()[0]:.1f}; {versions}; theirs: "
            "[requirements.lock](../peers/theirs/requirements.lock).",
            "",
            f"{len(proved(found))} of torchvision's {len(FAMILIES)} families are proved in every network of the "
            "table, by both of PyTorch's exporters: its default one and TorchScript's. Random weights, one image of "
            f"{SIDE}x{SIDE} pixels (224x224 for {', '.join(SIDES)}, whose poolings take no others); half of every "
            "group's channels, by `l1`. *Proof*: the largest difference from the masked original, as a share of the "
            "outputs' spread. *Pinned*: the nodes that keep their channels. Parameters in millions; seconds for "
            "reading, pruning and proving together.",
            "",
            "| network | exporter | parameters | weights left | MACs left | proof | pinned | s |",
            "|---|---|---|---|---|---|---|---|",
            *(one.line() for one in found),
        ]
    )


def main() -> None:
    """Export, prune and prove what is not there yet, and write the page."""
    everything = [network for networks in FAMILIES.values() for network in networks]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, required=True, help="of the environment with PyTorch")
    parser.add_argument("--networks", nargs="+", choices=everything, default=everything)
    parser.add_argument("--store", type=Path, default=Path(".harness/bench-torchvision"))
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    found = []
    for one in rows(given.networks, given.python, Store(given.store), terminal(quiet=False)):
        found.append(one)
        given.output.write_text(page(found) + "\n", encoding="utf-8")
    missed = [f"{one.network}, {one.exporter}: {one.why}" for one in found if one.difference is None]
    print_lines(f"Figures: {given.output}", f"{len(proved(found))} of {len(FAMILIES)} families are proved", *missed)


if __name__ == "__main__":
    main()
