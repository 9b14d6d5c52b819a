"""The page of a bundle: what the model is, how to run it, what was measured of it, in words a person reads."""

from __future__ import annotations

import json
from collections.abc import Iterator

from harness.deploy import layout
from harness.deploy.manifest import Contents, MeasuredLatency, MeasuredSpeedup, Tensor
from harness.records import Quantization
from harness.spec import DataSpec

MOST_LABELS = 20


def readme(contents: Contents) -> str:
    """The page, as Markdown."""
    parts = (_model(contents), _use(contents), _measured(contents), _proven(contents), _check())
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _model(contents: Contents) -> Iterator[str]:
    model = contents.model
    yield f"# {plain(contents.name)}"
    yield ""
    origin = "" if contents.study is None else f" From the study '{plain(contents.study)}'."
    weights = "" if model.parameters is None else f", {model.parameters:,} parameters"
    work = "" if model.macs is None else f", {model.macs:,} multiply-accumulates an example"
    yield f"An ONNX model, opset {model.opset}: {model.size_bytes / 1e6:.2f} MB{weights}{work}.{origin}"
    yield f"It was measured on `{contents.device}`, and is for that."


def _use(contents: Contents) -> Iterator[str]:
    one = contents.inputs[0]
    yield "## How to run it"
    yield ""
    yield "```python"
    is_open = None in one.shape[1:]  # then only the test vectors tell a size that it runs at
    yield f"import {'onnx.numpy_helper' if is_open else 'numpy as np'}, onnxruntime"
    yield ""
    providers = json.dumps(contents.providers)
    yield f'session = onnxruntime.InferenceSession("{layout.MODEL}", providers={providers})'
    sizes = tuple(1 if size is None else size for size in one.shape)
    if is_open:
        yield f'tensor = onnx.load_tensor("{contents.vectors.folder}/input_0.pb")'
        yield "batch = onnx.numpy_helper.to_array(tensor)  # or your examples, of the size that was measured: as these"
    else:
        yield f"batch = np.zeros({sizes}, np.{one.dtype})  # your examples"
    yield f"answers = session.run(None, {{{one.name!r}: batch}})"
    yield "```"
    yield ""
    for name, tensors in (("Input", contents.inputs), ("Output", contents.outputs)):
        for tensor in tensors:
            yield f"- {name} {_tensor(tensor)}"
    yield f"- {_preprocessing(contents.data.spec)}"
    if contents.labels:
        more = "" if len(contents.labels) <= MOST_LABELS else f" and {len(contents.labels) - MOST_LABELS} more"
        yield f"- Classes, in order: {', '.join(plain(label) for label in contents.labels[:MOST_LABELS])}{more}"


def _tensor(tensor: Tensor) -> str:
    sizes = " × ".join(
        f"{axis}{'' if size is None else f' {size}'}" for axis, size in zip(tensor.axes, tensor.shape, strict=True)
    )
    return f"`{tensor.name}`: {tensor.dtype}, {sizes}"


def _preprocessing(data: DataSpec) -> str:
    steps = [] if data.resize is None else [f"resized to {data.resize[0]} × {data.resize[1]} pixels"]
    steps += ["grey repeated as three channels"] if data.rgb else []
    steps += ["grey made red, green or blue at random"] if data.color else []
    steps += ["pixels divided by 255, so from 0 to 1"] if data.scale == "unit" else ["numbers as they are stored"]
    return f"Preprocessing: {'; '.join(steps)}"


def _measured(contents: Contents) -> Iterator[str]:
    yield "## What was measured"
    yield ""
    if contents.accuracy is not None:
        found = contents.accuracy
        yield (
            f"- Accuracy: {found.value:.2%} (95 % interval {found.low:.2%} to {found.high:.2%}) of "
            f"{found.answers.examples:,} examples of {plain(contents.data.spec.name)}"
        )
    for latency in contents.latency:
        yield f"- Latency at batch {latency.batch} ({latency.mode}): {_latency(latency)}"
    if contents.baseline is not None:
        base = contents.baseline
        accuracy = "" if base.accuracy is None else f", whose accuracy is {base.accuracy:.2%}"
        yield f"- Baseline: {plain(base.name)}{accuracy} (SHA-256 `{base.sha256[:16]}`)"
        for speedup in base.speedups:
            yield f"- Against the baseline at batch {speedup.batch} ({speedup.mode}): {_speedup(speedup)}"
    if contents.accuracy is None and not contents.latency:
        yield "Nothing."
    cpu = contents.conditions.get("cpu")
    if cpu:
        yield f"- On {plain(str(cpu))}, onnxruntime {contents.conditions.get('onnxruntime')}; other machines differ"


def _latency(found: MeasuredLatency) -> str:
    bounds = "" if found.low_us is None else f" (95 % interval {found.low_us:.1f} to {found.high_us:.1f})"
    memory = "" if found.peak_bytes is None else f"; {found.peak_bytes / 1e6:.0f} MB in a process of its own"
    return f"{found.median_us:.1f} µs{bounds}{memory}"


def _speedup(found: MeasuredSpeedup) -> str:
    bounds = "" if found.low is None else f" (95 % interval {found.low:.2f} to {found.high:.2f})"
    return f"{found.speedup:.2f} times as fast{bounds}, {found.verdict}"


def _proven(contents: Contents) -> Iterator[str]:
    yield "## What was proven"
    yield ""
    quantized = contents.quantization if contents.quantization and not contents.quantization.unchanged else None
    before = "" if quantized is None else f", before {quantized.spec.label}"
    if contents.proof is not None:
        yield (
            f"- Pruned right{before}: it differs from the original with the same channels masked by at most "
            f"{contents.proof.largest_difference:.1g} of the logits' spread ({contents.proof.tolerance:g} allowed)"
        )
    if contents.parity is not None:
        yield (
            f"- Exported right{before}: it differs from Keras by at most {contents.parity.largest_difference:.1g} of "
            f"the outputs' spread, on {contents.parity.examples:,} examples"
        )
    if quantized is not None:
        yield from _precision(quantized)
    vectors = contents.vectors
    yield (
        f"- `{vectors.folder}` holds {vectors.examples} examples and what onnxruntime answers on `{vectors.device}`, "
        "in ONNX's own layout"
    )


def _precision(found: Quantization) -> Iterator[str]:
    """What the numbers were changed to, and how many of the answers are still those of float32."""
    ranges = "" if found.images is None else f": {len(found.nodes)} nodes, ranges from {found.images:,} images"
    yield f"- In {found.spec.label}{ranges}"
    if found.agreement is None:
        return
    for name, kept in found.agreement.outputs.items():
        if kept.top1 is not None:
            yield (
                f"- `{name}` is the same answer as in float32 on {100 * kept.top1:.1f} % of "
                f"{found.agreement.examples:,} examples"
            )


def _check() -> Iterator[str]:
    yield "## Is it still so, here?"
    yield ""
    yield "```"
    yield "harness validate ."
    yield "```"
    yield "compares every file with its hash, runs the test vectors, and with bounds such as `--max-latency-us 200`"
    yield "measures whether this machine keeps them. `manifest.json` has every figure above, and more."


def plain(text: str) -> str:
    """A name as Markdown shows it, on one line."""
    return "".join(f"\\{char}" if char in "\\`*_<>|[]#" else char for char in " ".join(text.split()))
