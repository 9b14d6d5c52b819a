"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.base.crash import unfinished
from harness.base.errors import StoreError
from harness.base.store import disk_errors


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A path beside `path` for a new file, which takes its place when the block ends without an error.

    Raises:
        StoreError: the disk is full, the folder can't be written, or `path` is a device or the like.
    """
    if path.exists() and not path.is_file():
        raise StoreError(f"{path}: is no file that can be replaced; give another path")
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")) as new:
            yield new
            new.replace(path)
