"""What the words on a command line mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.base.errors import SpecError, StoreError


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


def numbers(text: str, option: str) -> tuple[float, ...]:
    """`1.5,2` as (1.5, 2.0).

    Raises:
        SpecError: a part is no number.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise SpecError(f"{option} {text}: not numbers; give for example {option} 1.5,2,3") from None


def settings(texts: Sequence[str], option: str) -> dict[str, str]:
    """`["use_tf32=0"]` as {"use_tf32": "0"}.

    Raises:
        SpecError: one is not of the form key=value.
    """
    for text in texts:
        if "=" not in text:
            raise SpecError(f"{option} {text}: not key=value; give for example {option} use_tf32=0")
    return dict(text.split("=", 1) for text in texts)


def values(texts: Sequence[str], option: str) -> dict[str, Any]:
    """`["padding=same", "filters=[8, 16]"]` as {"padding": "same", "filters": [8, 16]}.

    Raises:
        SpecError: one is not of the form key=value.
    """
    return {key: _value(text) for key, text in settings(texts, option).items()}


def _value(text: str) -> Any:
    """A number, list or truth value as JSON writes it; else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def size(text: str, option: str) -> tuple[int, int]:
    """`64x48` as (64, 48).

    Raises:
        SpecError: it is no such thing.
    """
    parts = text.split("x")
    if len(parts) != 2 or not all(part.isdecimal() and int(part) for part in parts):
        raise SpecError(f"{option} {text}: not a size; give height x width, for example {option} 64x48")
    return int(parts[0]), int(parts[1])


def check_writable(path: Path, *inputs: Path) -> None:
    """Find out before the work that its answer can't be written, not after it.

    Raises:
        StoreError: the file can't be made, or is one of the `inputs`, which are never changed.
    """
    existed = path.exists()
    for taken in inputs:
        if existed and taken.exists() and path.samefile(taken):
            raise StoreError(f"{path}: would overwrite the input {taken}, which is never changed; give another path")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a", encoding="utf-8").close()
        if not existed:
            path.unlink()
    except OSError as error:
        raise StoreError(f"{path}: can't be written ({error.strerror}); give another path") from None


def check_outside(path: Path, *folders: Path | None) -> None:
    """Refuse to write into a folder that must stay as it is.

    Raises:
        StoreError: the file would be in one of the `folders`.
    """
    for folder in folders:
        if folder is not None and folder.is_dir() and path.resolve().is_relative_to(folder.resolve()):
            raise StoreError(f"{path}: is in {folder}, which must stay as it is; give another path")


def write_text(path: Path, text: str) -> None:
    """Write a file that was asked for, whole or not at all.

    Raises:
        StoreError: it can't be written.
    """
    special = path.exists() and not path.is_file()  # such as /dev/stderr, whose place no file shall take
    made = path if special else path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            made.write_text(text, encoding="utf-8")
            made.replace(path)
        finally:
            if made != path:
                made.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: can't be written ({error.strerror}); give another path") from None
