"""Export from a process whose Keras is to run on another backend."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

import models
from harness.base.errors import ExportError
from harness.export.other_process import Exporter, Job
from harness.records import Metadata
from harness.spec import ExportSpec

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from harness.export.other_process import Job, export_file
images = np.random.default_rng(0).random((20, 28, 28, 1)).astype("float32")
for name in ("first", "second"):
    found = export_file(Job(Path(sys.argv[1]), Path(sys.argv[2]) / f"{name}.onnx", images))
    assert found.parity.top1_disagreements == 0
print(found.parity.examples)
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keras") / "model.keras"
    models.build("single_conv", filters=4).save(path)
    return path


def test_a_file_is_exported_from_another_backend(saved: Path, tmp_path: Path) -> None:
    """Twice, by one process, although the environment asks for JAX; the files appear, and agree with Keras."""
    command = [sys.executable, "-c", SCRIPT, str(saved), str(tmp_path)]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "20"), done.stderr
    assert {path.name for path in tmp_path.glob("*.onnx")} == {"first.onnx", "second.onnx"}


def test_a_job_arrives_whole_errors_come_back_as_they_were_and_the_process_goes_on(saved: Path, tmp_path: Path) -> None:
    """How the file is to be written, what it is to say, and the labels; by one process, until that is killed."""
    images = np.random.default_rng(0).random((20, 28, 28, 1), dtype=np.float32)
    asked = ExportSpec(batch=4, layout="nchw", float16_inputs=True)
    about = Metadata(labels=tuple("abcdefghij"))
    one = Exporter()
    try:
        with pytest.raises(Exception, match="examples") as failed:
            one.export(Job(saved, tmp_path / "a.onnx", np.zeros((2, 5, 5, 1), np.float32)))
        assert type(failed.value).__module__ == "harness.base.errors"
        assert not (tmp_path / "a.onnx").exists()
        found = one.export(Job(saved, tmp_path / "a.onnx", images, asked, about, np.arange(20) % 10))
        assert found.size_bytes == (tmp_path / "a.onnx").stat().st_size
        one.process.kill()
        with pytest.raises(ExportError, match="the export's process was killed by SIGKILL"):
            one.export(Job(saved, tmp_path / "b.onnx", images))
    finally:
        one.close()
    assert found.asked == asked
    assert found.accuracy is not None
    assert found.accuracy.examples == 20
    props = {entry.key: entry.value for entry in onnx.load(tmp_path / "a.onnx").metadata_props}
    assert Metadata.of(props).labels == about.labels
