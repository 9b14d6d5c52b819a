"""How many copies of a network's weights its export holds at its peak: `make bench-memory`.

Each network in a process of its own; random weights. Linux alone tells the peak of memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.costs import conditions, figures, watched

RESULT = Path(__file__).parent / "results" / "export-memory.md"
NETWORKS = ("ResNet50", "VGG16", "ConvNeXtLarge", "ConvNeXtXLarge")
IN_GRAPH = "ResNet50"  # also with its weights in the graph that is converted: of larger ones memory may not do
STEPS = {"exported": "written", "compared": "compared at batch 8", "checked": "checked by onnx"}


def once(name: str, in_graph: bool = False) -> dict[str, float]:
    """What each step takes beyond what was there before it; memory in sizes of all weights.

    `in_graph`: no weight is kept out of the graph while it is converted.
    """
    from harness.base.keras_import import import_keras

    keras = import_keras()
    import numpy as np
    import onnx
    import onnxruntime  # noqa: F401  (imported before it is counted)
    import tf2onnx.convert  # noqa: F401

    from harness.export import onnx_from_keras, parity
    from harness.export.conversion import weights

    if in_graph:
        weights.LARGE_BYTES = sys.maxsize
    build = getattr(keras.applications, name)
    model = build(weights=None, classifier_activation=None)
    images = np.random.default_rng(0).random((8, *model.input_shape[1:]), dtype=np.float32)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        _, exported = watched(lambda: onnx_from_keras(model, path))
        _, compared = watched(lambda: parity(model, path, images, batch_size=8))
        _, checked = watched(lambda: onnx.checker.check_model(path, full_check=True))
    return figures(4 * model.count_params(), exported=exported, compared=compared, checked=checked)


def apart(*words: str) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "bench.export_memory", "--once", *words]
    found: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    return found


def page(rows: dict[str, dict[str, float]]) -> str:
    """The table: what each step holds at its peak beside the model itself."""
    lines = [
        "# Memory of an export",
        "",
        conditions("make bench-memory"),
        "",
        "Copies of the weights at the peak of each step, beside the model itself, which is one. Comparing holds what",
        "the layers make of eight images too.",
        "",
        "| network | weights, GB | " + " | ".join(STEPS.values()) + " |",
        "|---|---|" + "---|" * len(STEPS),
    ]
    for name, row in rows.items():
        copies = " | ".join(f"{row[f'{step}_times_model']:.1f}" for step in STEPS)
        lines.append(f"| {name} | {row['model_bytes'] / 1e9:.2f} | {copies} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page, or print the figures of one network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", metavar="NETWORK", help="one network in this process, as JSON")
    parser.add_argument("--in-graph", action="store_true", help="with all weights in the graph that is converted")
    parser.add_argument("networks", nargs="*", default=NETWORKS, help="of keras.applications")
    asked = parser.parse_args()
    if asked.once:
        sys.stdout.write(json.dumps(once(asked.once, asked.in_graph)) + "\n")
        return
    rows = {name: apart(name) for name in asked.networks}
    if IN_GRAPH in rows:
        rows[f"{IN_GRAPH}, weights in the graph"] = apart(IN_GRAPH, "--in-graph")
    RESULT.write_text(page(rows), encoding="utf-8")
    sys.stdout.write(page(rows))


if __name__ == "__main__":
    main()
