"""How Keras will compute: its backend, and whether TensorFlow takes oneDNN's own kernels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from harness.base.numerics import SETTINGS
from harness.doctor.check import Check, State

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


def numerics_checks(cpu_flags: Sequence[str]) -> Iterator[Check]:
    """All of them; `cpu_flags` are the processor's instruction set extensions."""
    yield _onednn(any("vnni" in flag for flag in cpu_flags))
    for name, ours in SETTINGS.items():
        given = os.environ.get(name)
        if name != ONEDNN and given not in (None, ours):
            found = f"{name}={given} is set, and harness would set {ours}: weights are not those of other machines"
            yield Check(subject="numerics", state=State.NOTE, found=found, cure=f"unset {name} unless you want it so")
    yield from _backend()


def _onednn(vnni: bool) -> Check:
    given = os.environ.get(ONEDNN)
    if given not in (None, "0"):
        found = f"on, by {ONEDNN}={given}: weights are not those of other CPUs, and some layers die of SIGFPE"
        return Check(subject="oneDNN", state=State.NOTE, found=found, cure=f"unset {ONEDNN}")
    alone = "; left alone, TensorFlow turns it on here, since the CPU has VNNI" if vnni else ""
    return Check(subject="oneDNN", state=State.GOOD, found=f"off in what harness trains{alone}")


def _backend() -> Iterator[Check]:
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend not in ("tensorflow", "jax", "torch"):
        cure = "unset it, or set it to tensorflow or jax"
        yield Check(subject="Keras", state=State.WRONG, found=f"KERAS_BACKEND={backend} is no backend", cure=cure)
    elif find_spec(backend) is None:
        cure = f"install {backend}, or unset KERAS_BACKEND"
        yield Check(subject="Keras", state=State.WRONG, found=f"its backend {backend} is not installed", cure=cure)
    else:
        yield Check(subject="Keras", state=State.GOOD, found=f"computes with {backend}")
