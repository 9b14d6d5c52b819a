"""Versions: whether they are those that harness needs, and whether packages overwrite each other's files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions, version

from harness.doctor.check import Check, State

TOLD = ("prune-harness", "onnxruntime-gpu", "onnxruntime", "onnx", "keras", "tensorflow", "tf2onnx", "numpy")
MEASURING = {"numpy", "onnx", "onnxruntime", "onnxruntime-gpu", "pydantic", "psutil", "scipy"}
CUDNN = "nvidia/cudnn/lib/libcudnn.so.9"


def package_checks() -> Iterator[Check]:
    """All of them."""
    yield _versions()
    yield from unmet(_requirements())
    yield from overwritten(distributions())


def _versions() -> Check:
    import platform

    known = [f"{name} {found}" for name in TOLD if (found := _version(name)) is not None]
    return Check(subject="versions", state=State.GOOD, found=", ".join([f"Python {platform.python_version()}", *known]))


def _requirements() -> list[str]:
    """What harness's own package declares; nothing where it is not installed."""
    try:
        return distribution("prune-harness").requires or []
    except PackageNotFoundError:
        return []


def unmet(requirements: Iterable[str]) -> Iterator[Check]:
    """The requirements, such as `keras>=3.15,<4`, that what is installed does not meet."""
    from packaging.requirements import Requirement

    for text in requirements:
        needed = Requirement(text)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        found = _version(needed.name)
        if found is not None and needed.specifier.contains(found, prereleases=True):
            continue
        told = "is missing" if found is None else f"is {found}, and harness needs {needed.specifier}"
        state = State.BROKEN if found is None and needed.name in MEASURING else State.WRONG
        cure = f"`make setup`, or install '{needed.name}{needed.specifier}'"
        yield Check(subject="versions", state=state, found=f"{needed.name} {told}", cure=cure)


def overwritten(installed: Iterable[Distribution]) -> Iterator[Check]:
    """Packages of NVIDIA or onnxruntime that brought the same file: whichever came last is what runs.

    TensorFlow's GPU wheels need cuDNN for CUDA 12, onnxruntime-gpu that for CUDA 13; both are one file.
    """
    owners: dict[str, set[str]] = defaultdict(set)
    for one in installed:
        name = (one.metadata["Name"] or "").lower()
        if name.startswith(("nvidia-", "onnxruntime")):
            for file in one.files or ():
                if file.suffix != ".pyc" and ".dist-info" not in file.parts[0]:
                    owners[file.as_posix()].add(name)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, owning in owners.items():
        if len(owning) > 1:
            groups[tuple(sorted(owning))].append(path)
    for names, files in sorted(groups.items()):
        if not all(file.endswith("__init__.py") for file in files):  # empty ones that make a folder a package
            yield _clash(names, files)


def _clash(names: tuple[str, ...], files: list[str]) -> Check:
    example = CUDNN if CUDNN in files else min(file for file in files if not file.endswith("__init__.py"))
    found = f"{' and '.join(names)} overwrite each other's files, such as {example}"
    if all(name.startswith("onnxruntime") for name in names):
        cure = f"keep one: uninstall all of {', '.join(names)}, then `make setup`"
    else:
        cure = (
            "one environment can't hold CUDA 12 and 13: remove tensorflow[and-cuda]'s nvidia-*-cu12 packages, then "
            "`make setup-cuda`"
        )
    return Check(subject="packages", state=State.WRONG, found=found, cure=cure)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
