"""Which networks the benchmarks run on: `pytest bench`, `HARNESS_RUN=runs/default pytest bench`, or `--onnx FOLDER`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

SCRATCH = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--onnx", type=Path, help="folder of ONNX files to benchmark")
    parser.addoption("--device", default="auto", choices=["auto", "cpu", "cuda"], help="where to run them")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SCRATCH] = tempfile.TemporaryDirectory(prefix="harness-bench-")


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[SCRATCH].cleanup()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "exported" not in metafunc.fixturenames:
        return
    from bench.exported import networks

    run, config = os.environ.get("HARNESS_RUN"), metafunc.config
    found = networks(Path(run) if run else None, config.getoption("--onnx"), Path(config.stash[SCRATCH].name))
    metafunc.parametrize("exported", found, ids=[one.name for one in found])
