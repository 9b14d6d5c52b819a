"""Asking a store that is elsewhere: again where that may help, soon given up where it can't, and told in one line."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from harness.base.errors import StoreError, first_line
from harness.base.store.disk import full_disk

PATIENCE_S = (0.5, 2.0, 8.0)  # between one try and the next, while something is being made
SOON_S = 15.0  # for the first answer
MOST_LETTERS = 160  # of another package's message
REFUSED = (
    "Credential",
    "AccessDenied",
    "Token",
    "Forbidden",
    "Unauthorized",
    "Authentication",
    "Profile",
)  # in an error's name
UNREACHED = ("Connect", "Endpoint", "Timeout", "DNS", "Socket")
T = TypeVar("T")


def asked(address: str, action: Callable[[], T], patience_s: Sequence[float] | None = None) -> T:
    """Do something at a store; again after a pause, where the failure may pass.

    Raises:
        FileNotFoundError, FileExistsError: as they are.
        StoreError: it was refused, or failed every time.
    """
    for pause_s in (*(PATIENCE_S if patience_s is None else patience_s), None):
        try:
            return action()
        except (FileNotFoundError, FileExistsError, StoreError):
            raise
        except Exception as error:
            if pause_s is None or _is_refused(error) or full_disk(error) is not None:
                raise StoreError(f"{address}: {_told(error)}") from error
            time.sleep(pause_s)
    raise AssertionError("the last try returns or raises")


def asked_soon(address: str, action: Callable[[], T]) -> T:
    """Do something at a store, once, and give up when it takes longer.

    A package's own timeouts and repetitions add up to minutes, so it is another thread that waits for them.

    Raises:
        FileNotFoundError, FileExistsError: as they are.
        StoreError: it failed, or there was no answer.
    """
    answers: list[T] = []
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            answers.append(asked(address, action, ()))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=ask, name="asking the store", daemon=True)
    thread.start()
    thread.join(SOON_S)
    if errors:
        raise errors[0]
    if not answers:
        raise StoreError(f"{address}: no answer in {SOON_S:.0f} s; check the address and the network")
    return answers[0]


def _is_refused(error: BaseException) -> bool:
    return isinstance(error, PermissionError) or any(part in type(error).__name__ for part in REFUSED)


def _told(error: BaseException) -> str:
    """What happened, and what to do."""
    full = full_disk(error)
    if full is not None:
        return f"{os.strerror(full).lower()}; free some space there, or give another store"
    said = first_line(error)
    said = f"{said[: MOST_LETTERS - 1]}…" if len(said) > MOST_LETTERS else said
    if isinstance(error, NotImplementedError) or (isinstance(error, OSError) and error.errno == errno.EROFS):
        return "can be read only; give a store that can be written"
    if _is_refused(error):
        return f"not let in ({said}); give credentials as that store's own tools take them, or others"
    if isinstance(error, ConnectionError | TimeoutError) or any(part in type(error).__name__ for part in UNREACHED):
        return f"nobody answers ({said}); check the address and the network"
    return f"failed ({type(error).__name__}: {said}); what was finished is kept here, so run it again when that works"
