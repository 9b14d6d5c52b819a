"""What a disk refuses, as one line that names the folder; and folders that are replaced whole."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.base.crash import unfinished
from harness.base.errors import StoreError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DISK_ERRORS = {*FULL, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
STATES = ("unfinished", "old")
LEFTOVER_S = 3600.0


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into one line that says what to do, and names `folder`, or a file elsewhere."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        full = full_disk(error)
        if full is not None:
            reason = os.strerror(full).lower()
            raise StoreError(f"{folder}: {reason}; free some space, or give a folder on another disk") from error
        if not isinstance(error, OSError) or error.errno not in DISK_ERRORS:
            raise
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"{_refused(error, folder)}: {reason}; give a folder that can be written") from error


def _refused(error: OSError, folder: Path) -> Path:
    """What to name: the file that is in the way; else the folder, where the error is about it or something in it."""
    if error.filename is None:
        return folder
    named = Path(os.fsdecode(error.filename))
    if error.errno in {errno.EEXIST, errno.ENOTDIR}:
        return next((path for path in (named, *named.parents) if path.is_file() or path.is_char_device()), named)
    return folder if folder.absolute() in named.absolute().parents else named


def full_disk(error: BaseException) -> int | None:
    """The number of a full disk's error that an error is, or was made of by a package between; or None."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in FULL:
            return cause.errno
        if os.strerror(errno.ENOSPC) in str(cause):
            return errno.ENOSPC
        cause = cause.__cause__ or cause.__context__
    return None


def check_writable(folder: Path, *, inside: bool = False) -> None:
    """Fail early, before hours of training, where a folder can't be made or written; nothing is left behind.

    Args:
        folder: it need not be there yet.
        inside: whether files will be added to the folder; else it is replaced whole.

    Raises:
        StoreError: it can't be written.
    """
    try:
        with disk_errors(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            place = folder if inside and folder.exists() else folder.parent
            probe = place / f".{folder.name}.probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
    except FileNotFoundError:
        raise StoreError(f"{folder}: can't be made; give a folder that can be written") from None


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes `folder`'s place when the block ends without an error.

    Processes that do so at once each fill one of their own; the last one's stays. What a dead process left goes an hour
    later.

    Raises:
        StoreError: the disk is full or can't be written, or `folder` is a file.
    """
    new, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{state}") for state in STATES)
    with disk_errors(folder), unfinished(new), unfinished(old):
        for leftover in (new, old, *_left_behind(folder)):
            shutil.rmtree(leftover, ignore_errors=True)
        new.mkdir(parents=True)
        yield new
        _exchange(new, folder, old)


def _left_behind(folder: Path) -> Iterator[Path]:
    """What processes that are no more were filling, or had not yet removed."""
    import psutil

    for state in STATES:
        for path in folder.parent.glob(f".{glob.escape(folder.name)}.*.{state}"):
            number = path.name.split(".")[-2]
            if not number.isdecimal() or psutil.pid_exists(int(number)):
                continue
            with suppress(FileNotFoundError):  # another process removes it, too
                if time.time() - path.stat().st_mtime > LEFTOVER_S:  # of another machine no process is seen from here
                    yield path


def _exchange(new: Path, folder: Path, old: Path) -> None:
    """Put a folder in another's place, which other processes may do just now."""
    while True:
        with suppress(FileNotFoundError):
            folder.rename(old)
        try:
            new.rename(folder)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            shutil.rmtree(old, ignore_errors=True)
