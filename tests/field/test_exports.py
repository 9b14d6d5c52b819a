"""Every Keras network of the field cases: a valid ONNX file that agrees with Keras at batch 1 and 8."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import keras
import onnx
import pytest

from harness.export import onnx_from_keras, parity, random_examples, require_parity
from harness.export.conversion.twin import float32_twin
from tests.field.conftest import INPUTS

CASES = sorted(path.stem for path in INPUTS.glob("*.py") if ".keras" in path.read_text(encoding="utf-8"))


def test_all_cases_with_a_network_are_here() -> None:
    assert len(CASES) == 10


@pytest.mark.parametrize("name", CASES)
def test_it_is_exported_and_agrees(name: str, tmp_path: Path) -> None:
    """What computes in another precision is compared by its float32 twin, which is what the file is of."""
    subprocess.run([sys.executable, INPUTS / f"{name}.py"], cwd=tmp_path, check=True, capture_output=True)
    saved = sorted(tmp_path.glob("*.keras"))
    assert saved
    for path in saved:
        model, file = keras.models.load_model(path, compile=False), path.with_suffix(".onnx")
        onnx_from_keras(model, file)
        onnx.checker.check_model(str(file), full_check=True)
        twin = float32_twin(model)
        computes = twin.model if twin else model
        for batch_size in (1, 8):
            found = parity(computes, file, random_examples(computes, count=8), batch_size=batch_size)
            assert found.examples == 8
            require_parity(found, file.name)
        keras.backend.clear_session(free_memory=False)
