"""What needs no bound: is the model whole, does it load, does it run where it should, does it answer as it did?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from harness.base.errors import DeviceError, HarnessError
from harness.deploy.manifest import Manifest
from harness.deploy.received import Received
from harness.deploy.validation import Finding
from harness.deploy.vectors import Array, distance, read_vectors, tolerance
from harness.measure.answers import Answers, answers
from harness.measure.files.model_file import ModelFile, read_model, tensors
from harness.measure.model import operators_told
from harness.spec import Device


def check(bundle: Received, device: Device) -> Iterator[Finding]:
    """Each check in turn; the first that fails is the last."""
    manifest = bundle.manifest
    yield Finding(name="schema", decision="pass", line=f"a whole manifest of {manifest.schema_version}")
    yield Finding(name="hashes", decision="pass", line=f"{len(manifest.files)} files are as they were bundled")
    try:
        file = read_model(bundle.model)
        inputs, expected = read_vectors(bundle.folder, manifest)
    except HarnessError as error:
        yield _failed("load", bundle, error)
        return
    wrong = _not_as_described(file, manifest) or _nan_weights(bundle, file)
    if wrong is not None:
        yield Finding(name="load", decision="fail", line=wrong)
        return
    fed = [(one.name, array) for one, array in zip(manifest.inputs, inputs, strict=True)]
    try:
        found = answers(bundle.model, fed, device=device)
    except DeviceError:
        raise
    except HarnessError as error:
        yield _failed("load", bundle, error)
        return
    yield Finding(name="load", decision="pass", line=f"opset {manifest.model.opset}, loads and runs")
    yield _placement(manifest, found)
    yield _vectors(manifest, expected, found)


def _failed(name: str, bundle: Received, error: HarnessError) -> Finding:
    line = str(error).replace(f"{bundle.folder}/", "").replace(str(bundle.folder), "the bundle")
    return Finding(name=name, decision="fail", line=" ".join(line.split()))


def _not_as_described(file: ModelFile, manifest: Manifest) -> str | None:
    """Where the ONNX file has another hash, other inputs or outputs than the manifest says."""
    said = [(one.name, one.dtype, one.shape) for one in manifest.inputs]
    has = [(one.name, one.dtype, one.shape) for one in file.inputs]
    outputs = [value.name for value in file.proto.graph.output]
    if file.sha256 != manifest.model.sha256:
        return "the manifest speaks of another model, by its hash; bundle the model again"
    if said != has or outputs != [one.name for one in manifest.outputs]:
        return "the model has other inputs or outputs than the manifest says; bundle the model again"
    return None


def _nan_weights(bundle: Received, file: ModelFile) -> str | None:
    import onnx

    kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)
    for tensor in tensors(file.proto):
        if tensor.data_type not in kinds:
            continue
        try:
            values = onnx.numpy_helper.to_array(tensor, str(bundle.folder))
        except Exception:  # onnx raises many kinds where a tensor does not hold what it claims
            return f"weights '{tensor.name[:100]}' do not hold the numbers they claim; bundle the model again"
        if np.isnan(values).any():
            return f"weights '{tensor.name[:100]}' hold NaN; don't use this model"
    return None


def _placement(manifest: Manifest, found: Answers) -> Finding:
    wanted = manifest.device
    if found.device == wanted:
        nodes, eight = len(found.placement.ran), found.placement.in_8_bits
        line = f"all {nodes} kernels ran on {wanted}, by profile"
        line += f"; {len(eight)} with 8-bit numbers ({operators_told(eight)})" if eight else ""
        return Finding(name="placement", decision="pass", line=line)
    return Finding(name="placement", decision="fail", line=f"runs on {found.device} here, was measured on {wanted}")


def _vectors(manifest: Manifest, expected: Sequence[Array], found: Answers) -> Finding:
    """How far the outputs are from the test vectors, each within its own tolerance."""
    pairs = list(zip(manifest.outputs, expected, found.outputs, strict=False))
    if len(found.outputs) != len(manifest.outputs):
        return Finding(name="test vectors", decision="fail", line="the model gives another number of outputs")
    far = [(distance(array, output) / tolerance(one), one, array, output) for one, array, output in pairs]
    _, one, array, output = max(far, key=lambda each: each[0])
    shapes = f", of shape {output.shape} in place of {array.shape}" if output.shape != array.shape else ""
    share, allowed = distance(array, output), tolerance(one)
    line = (
        f"{manifest.vectors.examples} examples, output '{one.name}' differs by {share:.1g} of its spread "
        f"({allowed:.1g} allowed){shapes}"
    )
    return Finding(
        name="test vectors",
        decision="pass" if share <= allowed else "fail",
        line=line,
        value=share if np.isfinite(share) else None,
        bound=allowed,
        unit="of the spread",
    )
