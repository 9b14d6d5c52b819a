"""What tests of stores make: artifacts of a text, and machines that share a distant store."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from harness.base.store import Artifact, Store, open_store

INPUTS = {"seed": 1, "options": {"padding": "same"}}


def writer(text: str, calls: list[str] | None = None) -> Callable[[Path], None]:
    """Makes an artifact with one file, and notes that it did."""

    def make(folder: Path) -> None:
        if calls is not None:
            calls.append(text)
        (folder / "value.txt").write_text(text)

    return make


def never(folder: Path) -> None:
    """For what is there already."""
    raise AssertionError("it was made again")


def text_of(artifact: Artifact) -> str:
    """What a writer wrote."""
    return artifact.path("value.txt").read_text()


def machine(address: str, disk: Path, cache_bytes: int = 1_000_000) -> Store:
    """A store as another machine has it, with a cache of its own."""
    return open_store(address, cache=disk, cache_gb=cache_bytes / 1e9)


def run_that_ended(store: Store) -> None:
    """What this process was given, it does not use any longer: as if it were another that has ended."""
    assert store.behind is not None
    for lease in (store.behind.cache.folder / ".leases").iterdir():
        lease.rename(lease.with_name(f"{lease.name.split('@')[0]}@{ended()}@x"))


def ended() -> int:
    """The number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid
