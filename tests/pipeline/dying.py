"""A measuring process in which marked files die when they run, as native code would.

`python -m harness.measure.runtime.worker` is started by name, so what is planted comes in by a `sitecustomize`.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest

from tests.pipeline.engine.sites import die

MARK = re.compile(rb"planted:(\w+)")
SITE = """
import sys
if "harness.measure.runtime.worker" in sys.orig_argv:
    from tests.pipeline.dying import plant
    plant()
"""


def marked(path: Path, how: str) -> None:
    """Change a file so that a process in which it runs dies of this."""
    model = onnx.load(path)
    model.doc_string = f"planted:{how} "
    onnx.save(model, path)


def planted_processes(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Measuring processes heed marks from now on; `folder` is empty."""
    (folder / "sitecustomize.py").write_text(SITE)
    patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *sys.path]))


def plant() -> None:
    """In the measuring process, before it imports what opens files."""
    from harness.measure.runtime import session

    opened = session.open_session

    def planted(path: str | Path, *how: Any, **options: Any) -> Any:
        found = opened(path, *how, **options)
        mark = MARK.search(Path(path).read_bytes())
        return found if mark is None else Dying(found, mark[1].decode())

    session.open_session = planted


class Dying:
    """A session that dies when it runs."""

    def __init__(self, session: Any, how: str) -> None:
        self.session, self.how = session, how

    def run(self, *asked: Any) -> None:
        die(self.how)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)
