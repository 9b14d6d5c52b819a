"""Sessions have the conditions that were asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.measure.runtime.session import SessionSettings, open_session, reason, session_options
from tests.onnx_files import cnn


def test_options_say_what_was_asked() -> None:
    options = session_options(SessionSettings(threads=3, inter_op_threads=2, spinning=False, optimization="basic"))
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 2)
    assert options.execution_mode.name == "ORT_PARALLEL"
    assert options.graph_optimization_level.name == "ORT_ENABLE_BASIC"
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_threads_are_never_left_to_the_host() -> None:
    """0 would mean as many as the host has cores, also in a container that may use one."""
    assert session_options(SessionSettings()).intra_op_num_threads == 1


def test_an_error_is_one_line_without_codes_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"broken")
    with pytest.raises(Exception, match="Protobuf parsing failed") as failed:
        open_session(path, SessionSettings())
    assert reason(failed.value).startswith(f"Load model from {path} failed")
    assert capfd.readouterr() == ("", "")


def test_falling_back_from_cuda_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Whether or not there is a GPU: the proof of placement speaks, not onnxruntime's warnings."""
    open_session(cnn(tmp_path / "a.onnx"), SessionSettings(device="cuda"))
    assert capfd.readouterr() == ("", "")
