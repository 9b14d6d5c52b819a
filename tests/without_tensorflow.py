"""A plugin for pytest: which tests need not be seen with oneDNN, and that nothing is left out wrongly.

What computes with TensorFlow is tested with oneDNN too, whose kernels are others. A test marked `without_tensorflow`
computes nothing with it: `make test-onednn` leaves it out, and where it does run, it fails if TensorFlow is imported or
computes in it, or if it starts a process, which might. Those of `without_tensorflow(processes=True)` show themselves
that their processes don't.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

MARK = "without_tensorflow"
MEASURES = "harness.measure.runtime.worker"  # which is held to onnxruntime and NumPy by `make lint`


@contextmanager
def nothing_computed(processes: bool = False) -> Iterator[None]:
    """Fails after the block if TensorFlow may have computed something in it; with `processes` it may start some."""
    found: list[str] = []
    with pytest.MonkeyPatch.context() as patch, _operations(found.append):
        start = subprocess.Popen.__init__

        def started(process: subprocess.Popen[Any], args: Any, *more: Any, **options: Any) -> None:
            if MEASURES not in args and not processes:
                found.append(f"process {args}")
            start(process, args, *more, **options)

        patch.setattr(subprocess.Popen, "__init__", started)
        yield
    if found:
        pytest.fail(f"marked {MARK}, and this was in it: {', '.join(found[:3])}; take the mark away")


@contextmanager
def _operations(tell: Callable[[str], None]) -> Iterator[None]:
    """Tell each operation of TensorFlow that is run, or put into a graph; or that it was imported."""
    if "tensorflow" not in sys.modules:
        yield
        if "tensorflow" in sys.modules:
            tell("import of TensorFlow")
        return
    from tensorflow.python.framework import op_callbacks

    def ran(name: str | bytes, *_: Any, **__: Any) -> None:
        tell(name if isinstance(name, str) else name.decode())

    op_callbacks.add_op_callback(ran)
    try:
        yield
    finally:
        op_callbacks.remove_op_callback(ran)


def _watched(item: pytest.Item) -> Generator[None, object, object]:
    mark = item.get_closest_marker(MARK)
    if mark is None:
        return (yield)
    with nothing_computed(**mark.kwargs):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Its fixtures are watched too."""
    return (yield from _watched(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """And the test itself."""
    return (yield from _watched(item))
