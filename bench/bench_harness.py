"""What the harness's own work costs: pruning, its proof, export and evaluation of one network, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import models

if TYPE_CHECKING:
    import keras

ROUNDS = 3
EXAMPLES = 1000


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """DeepCAPTCHA on digits, untrained: the work is the same."""
    return models.build("deepcaptcha", n_prediction=1, n_class=10, input_shape=(28, 28, 1))


@pytest.fixture(scope="module")
def examples() -> tuple[np.ndarray, np.ndarray]:
    """Images float32 (N, 28, 28, 1) in [0, 1], and labels (N,)."""
    rng = np.random.default_rng(0)
    return rng.random((EXAMPLES, 28, 28, 1), dtype=np.float32), rng.integers(0, 10, EXAMPLES)


def test_prune(benchmark: Any, network: keras.Model) -> None:
    """Half of every layer's channels, with the proof that comes with it."""
    from harness.prune import prune

    benchmark.group = "harness"
    found = benchmark.pedantic(lambda: prune(network, ratio=0.5), rounds=ROUNDS, warmup_rounds=1)
    benchmark.extra_info["parameters"] = found.model.count_params()
    assert found.model.count_params() < network.count_params()


def test_verify(benchmark: Any, network: keras.Model) -> None:
    """The proof alone: the masked original against the pruned network."""
    from harness.prune import prune, verify

    pruned = prune(network, ratio=0.5)
    benchmark.group = "harness"
    proof = benchmark.pedantic(lambda: verify(network, pruned.model, pruned.plan), rounds=ROUNDS, warmup_rounds=1)
    benchmark.extra_info["largest difference"] = proof.largest_difference
    assert proof.holds


def test_export(benchmark: Any, network: keras.Model, examples: Any, tmp_path: Path) -> None:
    """To ONNX, with parity on a thousand examples."""
    from harness.export import export

    benchmark.group = "harness"
    path = tmp_path / "model.onnx"
    found = benchmark.pedantic(lambda: export(network, path, examples[0]), rounds=ROUNDS, warmup_rounds=1)
    benchmark.extra_info["bytes"] = found.size_bytes
    assert found.parity.top1_disagreements == 0


def test_evaluate(benchmark: Any, network: keras.Model, examples: Any, tmp_path: Path) -> None:
    """Accuracy of the ONNX file on a thousand examples, session included."""
    from harness.export import export
    from harness.measure.accuracy import evaluate

    path = tmp_path / "model.onnx"
    export(network, path, examples[0])
    benchmark.group = "harness"
    found = benchmark.pedantic(lambda: evaluate(path, *examples), rounds=ROUNDS, warmup_rounds=1)
    benchmark.extra_info.update({"examples": found.examples, "accuracy": found.value, "device": found.device})
    assert found.examples == EXAMPLES
