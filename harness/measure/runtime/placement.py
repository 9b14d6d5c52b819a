"""Where each node really runs. The list of available providers proves nothing; these records do."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.base.errors import DeviceError, MeasureError
from harness.measure.runtime.session import CUDA, SessionSettings, load_runtime, open_session, reason

SHAPE_TYPES = {"int64", "int32", "bool"}

Observed = Mapping[str, Sequence[Sequence[Any]]]


def observe(
    session: Any, path: Path | str, feed: Mapping[str, Any], settings: SessionSettings, optimized: str | None = None
) -> dict[str, Any]:
    """What onnxruntime says of a model's nodes, by two records that are made independently.

    `assigned`: [provider, node, operator] of each node of the model, from the graph partitioning.
    `ran`: [provider, node, operator, element types of its outputs] of each kernel of one profiled run on `feed`,
    which includes the copies and layout changes that onnxruntime inserted. The graph that ran is written to the file
    `optimized`, where there is one.
    """
    assigned = [
        [part.ep_name, node.name, node.op_type]
        for part in session.get_provider_graph_assignment_info()
        for node in part.get_nodes()
    ]
    return {"assigned": assigned, "ran": _profile(path, feed, settings, optimized)}


def _profile(
    path: Path | str, feed: Mapping[str, Any], settings: SessionSettings, optimized: str | None
) -> list[list[Any]]:
    with tempfile.TemporaryDirectory() as folder:
        session = open_session(path, settings, profile=str(Path(folder) / "run"), optimized=optimized)
        session.run(None, feed)
        events = json.loads(Path(session.end_profiling()).read_text())
    suffix = "_kernel_time"
    return [
        [event["args"]["provider"], event["name"].removesuffix(suffix), event["args"]["op_name"], _types(event)]
        for event in events
        if event["cat"] == "Node" and event["name"].endswith(suffix)
    ]


def _types(event: Mapping[str, Any]) -> list[str]:
    return sorted({kind for output in event["args"].get("output_type_shape", []) for kind in output})


def device_of(observed: Observed) -> str:
    """`cpu`, `cuda` or, where some of the work falls to the CPU, `cuda+cpu`."""
    if all(entry[0] != CUDA for entry in observed["ran"]):
        return "cpu"
    return "cuda+cpu" if fallen(observed) else "cuda"


def fallen(observed: Observed) -> list[str]:
    """The nodes whose work is not done by CUDA, as `'name' (operator)`.

    Nodes that only compute shapes are on the CPU by onnxruntime's design, even for a model wholly on CUDA: kernels
    whose outputs are all integers or booleans don't count.
    """
    return [
        f"'{node}' ({operator})"
        for provider, node, operator, types in observed["ran"]
        if provider != CUDA and not set(types) <= SHAPE_TYPES
    ]


def require_cuda(path: Path | str, observed: Observed) -> None:
    """Fail unless all of a model's work is done by CUDA.

    Raises:
        DeviceError: names the first node that falls to the CPU, and counts the others.
    """
    nodes = fallen(observed)
    if device_of(observed) == "cpu":
        raise DeviceError(
            f"{path}: CUDA does not run here, node {nodes[0] if nodes else '?'} and all others fall to the CPU; "
            "use --device cpu, or see `harness doctor`"
        )
    if nodes:
        more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
        raise DeviceError(
            f"{path}: node {nodes[0]}{more} falls to the CPU; use --device auto to measure it all the same"
        )


def open_placed(path: Path, device: str, feed: Mapping[str, Any], threads: int) -> tuple[Any, str]:
    """A session on `device` (`auto`, `cpu` or `cuda`), and where it really runs, as `device_of` says it.

    Raises:
        MeasureError: onnxruntime can't load the model, or can't run it on `feed`.
        DeviceError: `device` is `cuda` and a part of the model falls to the CPU.
    """
    settings = SessionSettings(threads=threads)
    if device != "cpu" and CUDA in load_runtime().get_available_providers():
        on_cuda = replace(settings, device="cuda")
        try:
            session = open_session(path, on_cuda)
            if device == "auto" and CUDA not in session.get_providers():
                return session, "cpu"
            observed = observe(session, path, feed, on_cuda)
        except Exception as error:  # onnxruntime raises many kinds
            raise MeasureError(f"{path}: can't be run: {reason(error)}") from None
        if device == "cuda":
            require_cuda(path, observed)
        if device_of(observed) != "cpu":
            return session, device_of(observed)
    elif device == "cuda":
        raise DeviceError(f"{path}: this onnxruntime has no CUDA; install onnxruntime-gpu, or use --device cpu")
    try:
        return open_session(path, settings), "cpu"
    except Exception as error:  # as above
        raise MeasureError(f"{path}: can't be loaded: {reason(error)}") from None
