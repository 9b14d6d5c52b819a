"""Packages that log or print what is no message to a user, kept from it."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator


@contextlib.contextmanager
def quiet(*, stdout: bool = False) -> Iterator[None]:
    """Keep every package from logging; with `stdout` also from printing."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()) if stdout else contextlib.nullcontext():
            yield
    finally:
        logging.disable(before)
