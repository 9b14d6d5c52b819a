"""What a bundle says about itself: `manifest.json`, whose JSON Schema is docs/bundle.schema.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from harness.base.store import digest
from harness.measure.runtime.session import CPU, CUDA
from harness.records import Accuracy, ChannelPlan, Parity, Proof, Quantization, Record
from harness.records.record import GrownRecord
from harness.spec import DataSpec, Mode

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Proportion = Annotated[float, Field(ge=0, le=1)]
MOST_ROUNDING = 0.01
# What a session is opened with, by the device that it was seen to run on: on CUDA, shapes are computed on the CPU.
PROVIDERS = {"cpu": (CPU,), "cuda": (CUDA, CPU), "cuda+cpu": (CUDA, CPU)}


class File(Record):
    """One file of the bundle."""

    sha256: Sha256
    size_bytes: Count


class Tensor(Record):
    """An input or output of the model. `axes` says what each axis is; a size is None where it varies."""

    name: str
    dtype: str
    shape: tuple[Count | None, ...]
    axes: tuple[str, ...]


class Output(Tensor):
    """An output, and what the test vectors hold of it.

    `spread` is the standard deviation of its values, at least a twentieth of the largest; `rounding` the most that they
    differ between ways of computing the same (unoptimized, one example at a time), as a share of the spread.
    """

    spread: Positive
    rounding: Annotated[float, Field(ge=0, le=MOST_ROUNDING)]


class Network(Record):
    """The ONNX file: SHA-256 over it and its external data, its size, its opset, and what it computes with.

    `architecture` digests the graph without its weights' values; None where it is not known.
    """

    sha256: Sha256
    size_bytes: Count
    opset: int
    parameters: Count | None
    macs: Count | None
    architecture: str | None


class Vectors(Record):
    """The test vectors: so many examples, and the device and onnxruntime that answered them."""

    folder: Literal["test_data_set_0"] = "test_data_set_0"
    examples: Annotated[int, Field(ge=1)]
    device: str


class TestData(Record):
    """The examples that accuracy was measured on, as the harness loads them, and the SHA-256 of all of them."""

    __test__ = False  # it is no test, whatever pytest thinks of its name

    spec: DataSpec
    sha256: Sha256
    examples: Count


class MeasuredAccuracy(Record):
    """Accuracy with its 95 % interval (Wilson's), and which of the examples were right."""

    value: Proportion
    low: Proportion
    high: Proportion
    answers: Accuracy


class MeasuredLatency(Record):
    """Latency at one batch size: the median over launches with a 95 % interval, in microseconds; None where unknown.

    `peak_bytes` is the most memory of a process that runs this model alone.
    """

    batch: Annotated[int, Field(ge=1)]
    mode: Mode
    median_us: Positive
    low_us: Positive | None
    high_us: Positive | None
    launches: Count
    peak_bytes: Count | None


class MeasuredSpeedup(Record):
    """How many times as fast as the baseline, with a 95 % interval; None where unknown."""

    batch: Annotated[int, Field(ge=1)]
    mode: Mode
    speedup: Positive
    low: Positive | None
    high: Positive | None
    verdict: str


class Baseline(Record):
    """What the model was made from, and is compared with."""

    name: str
    sha256: Sha256
    accuracy: Proportion | None
    speedups: tuple[MeasuredSpeedup, ...]


class Contents(GrownRecord):
    """All that a bundle says of its model. `labels` are the classes in order, empty where they have no names.

    `device` is where the model ran when it was measured, and where it is to be shipped to, `providers` onnxruntime's
    execution providers for that; `conditions` are those of its latencies. `plan` and `proof` are there for a pruned
    network, `parity` for one exported from Keras, and `quantization` for one in another precision: then proof and
    parity are those of the float32 file that it was made from. `source` is the SHA-256 of what the ONNX file was made
    from, where it says so.
    """

    later: ClassVar[frozenset[str]] = frozenset({"source", "quantization"})

    name: str
    study: str | None
    device: Literal["cpu", "cuda", "cuda+cpu"]
    providers: tuple[str, ...]
    versions: Mapping[str, str | None]
    files: Mapping[str, File]
    model: Network
    inputs: tuple[Tensor, ...]
    outputs: tuple[Output, ...]
    labels: tuple[str, ...]
    data: TestData
    vectors: Vectors
    accuracy: MeasuredAccuracy | None
    latency: tuple[MeasuredLatency, ...]
    conditions: Mapping[str, Any]
    baseline: Baseline | None
    parity: Parity | None
    plan: ChannelPlan | None
    proof: Proof | None
    source: Sha256 | None = None
    quantization: Quantization | None = None


class Manifest(Contents):
    """`manifest.json`. `sha256` digests all the rest, as `digest_of` says, so that no figure in it can be changed."""

    schema_version: Literal["harness-bundle/1"] = "harness-bundle/1"
    sha256: Sha256


def sealed(contents: Contents) -> Manifest:
    """The manifest of these contents."""
    values = contents.model_dump(mode="json")
    return Manifest.model_validate({**values, "sha256": digest_of(values)})


def digest_of(values: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest's JSON values, less its version and its own digest."""
    return digest({key: value for key, value in values.items() if key not in ("sha256", "schema_version")})


def text_of(manifest: Manifest) -> str:
    """The manifest as it stands in its file: there is one way to write it, so that no byte can be another."""
    values = manifest.model_dump(mode="json")
    return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def schema_text() -> str:
    """The JSON Schema of `manifest.json`, whose version is always told."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Manifest.model_json_schema()}
    schema["required"] = [*schema["required"], "schema_version"]
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
