"""What the words on a command line mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.errors import SpecError, StoreError


def fraction(text: str, option: str) -> float:
    """`0.02` or `2%` as 0.02.

    Raises:
        SpecError: it is neither.
    """
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise SpecError(f"{option} {text}: not a number; give a fraction such as 0.02, or 2%") from None


def whole_numbers(text: str, option: str) -> tuple[int, ...]:
    """`1,32` as (1, 32).

    Raises:
        SpecError: a part is no whole number.
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise SpecError(f"{option} {text}: not whole numbers; give for example {option} 1,32") from None


def settings(texts: Sequence[str], option: str) -> dict[str, str]:
    """`["use_tf32=0"]` as {"use_tf32": "0"}.

    Raises:
        SpecError: one is not of the form key=value.
    """
    for text in texts:
        if "=" not in text:
            raise SpecError(f"{option} {text}: not key=value; give for example {option} use_tf32=0")
    return dict(text.split("=", 1) for text in texts)


def write_text(path: Path, text: str) -> None:
    """Write a file that was asked for.

    Raises:
        StoreError: it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: can't be written ({error.strerror}); give another path") from None
