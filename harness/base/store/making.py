"""Who makes an artifact now: a small file beside it, for those who wait for it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.base.crash import unfinished
from harness.base.store.artifact import Artifact


@contextmanager
def said_to_be_making(artifact: Artifact, study: str) -> Iterator[None]:
    """While the block runs, others can see that this process makes an artifact, and for which study."""
    with unfinished(_file(artifact)) as file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"study": study, "host": socket.gethostname(), "pid": os.getpid()}))
        yield


def maker_of(artifact: Artifact) -> str:
    """Who has an artifact in hand, as the end of a sentence: `process 4242 makes for the study default`."""
    try:
        said = json.loads(_file(artifact).read_bytes())
        where = "" if said["host"] == socket.gethostname() else f" on {said['host']}"
        for_whom = f" for the study {said['study']}" if said["study"] else ""
        return f"process {said['pid']}{where} makes{for_whom}"
    except (OSError, ValueError, LookupError, TypeError):
        return "another process has in hand"  # it looks whether it is whole, or fetches it


def _file(artifact: Artifact) -> Path:
    return artifact.folder.with_suffix(".unfinished.json")
