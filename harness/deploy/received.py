"""A bundle as it arrives, which nobody has to trust: what its manifest promises is copied out, or nothing is.

No link is followed, nothing outside the folder is opened, no file is read that is larger than the manifest says, and
nothing is parsed before its hash was right. All that is done with the bundle afterwards is done with the copy.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from harness.base.errors import BundleError, DamagedError
from harness.base.store import disk_errors
from harness.deploy import layout
from harness.deploy.manifest import File, Manifest, digest_of, text_of
from harness.spec.checked import first_problem

BLOCK = 1 << 20
MOST_SHOWN = 200
AGAIN = "get the bundle again"
# Not through a link at the end of a path, and not waiting for whoever writes into a pipe.
OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
OPEN_FOLDER = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_DIRECTORY", 0)


@dataclass(frozen=True)
class Received:
    """A bundle whose files are what its manifest says; `folder` holds the copy of them."""

    manifest: Manifest
    folder: Path

    @property
    def model(self) -> Path:
        """The ONNX file."""
        return self.folder / layout.MODEL


def receive(bundle: Path, copy: Path) -> Received:
    """Copy a bundle's files into the empty folder `copy`, where they are what the manifest says.

    Raises:
        BundleError: there is no bundle, or it is of another version.
        DamagedError: a file is missing, changed, too much, too large or no plain file, or the manifest is wrong.
    """
    try:
        root = os.open(bundle, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError as error:
        raise BundleError(f"{bundle}: {_told(error)}; give a folder that `harness bundle` wrote") from None
    try:
        manifest = _manifest(bundle, root)
        _check_names(bundle, manifest, _sizes(bundle, root))
        for name, file in sorted(manifest.files.items()):
            with disk_errors(copy):
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                _copy(bundle, root, (name, file), copy / name)
    finally:
        os.close(root)
    return Received(manifest, copy)


def _manifest(bundle: Path, root: int) -> Manifest:
    try:
        entry = os.stat(layout.MANIFEST, dir_fd=root, follow_symlinks=False)
    except OSError:
        raise BundleError(
            f"{bundle}: no {layout.MANIFEST} in there; give a folder that `harness bundle` wrote"
        ) from None
    if not stat.S_ISREG(entry.st_mode):
        raise DamagedError(f"{bundle}: {layout.MANIFEST} {_kind(entry)}, which a bundle never holds; {AGAIN}")
    size = entry.st_size
    if size > layout.MOST_MANIFEST_BYTES:
        raise DamagedError(
            f"{bundle}: {layout.MANIFEST} has {size:,} bytes, more than any manifest; get the bundle again"
        )
    content = b"".join(_blocks(bundle, root, layout.MANIFEST, size))
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        if any(problem["loc"] == ("schema_version",) for problem in error.errors()):
            raise BundleError(
                f"{bundle}: {layout.MANIFEST} is of another version than {_version()}; bundle the model again, or use "
                "the harness that wrote it"
            ) from None
        problem = first_problem(error, Manifest).removesuffix("; add it")
        shown = problem if len(problem) <= MOST_SHOWN else f"{problem[:MOST_SHOWN]}..."
        raise DamagedError(f"{bundle}: {layout.MANIFEST}: {' '.join(shown.split())}; {AGAIN}") from None
    if digest_of(manifest.model_dump(mode="json")) != manifest.sha256 or text_of(manifest).encode() != content:
        raise DamagedError(
            f"{bundle}: {layout.MANIFEST} was changed: not what its own SHA-256 says; get the bundle again"
        )
    return manifest


def _version() -> str:
    return str(Manifest.model_fields["schema_version"].default)


def _sizes(bundle: Path, root: int) -> Mapping[str, int]:
    """The size of each file in the folder, by its name there; folders in it are opened, links are not."""
    found: dict[str, int] = {}
    for name, entry in _entries(bundle, root, ""):
        if len(found) >= layout.MOST_FILES:
            raise DamagedError(f"{bundle}: holds more than {layout.MOST_FILES} files; {AGAIN}")
        if not stat.S_ISREG(entry.st_mode):
            raise DamagedError(f"{bundle}: {_shown(name)} {_kind(entry)}, which a bundle never holds; {AGAIN}")
        found[name] = entry.st_size
    return found


def _entries(bundle: Path, folder: int, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    if prefix.count("/") > layout.MOST_DEPTH:
        raise DamagedError(f"{bundle}: folders in folders, deeper than any bundle's; {AGAIN}")
    for name in sorted(os.listdir(folder)):
        entry = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISDIR(entry.st_mode):
            yield f"{prefix}{name}", entry
            continue
        inner = os.open(name, OPEN_FOLDER, dir_fd=folder)
        try:
            yield from _entries(bundle, inner, f"{prefix}{name}/")
        finally:
            os.close(inner)


def _check_names(bundle: Path, manifest: Manifest, sizes: Mapping[str, int]) -> None:
    """That the folder holds exactly the files of the manifest, of the sizes it says, and those that a bundle needs."""
    vectors = layout.vector_files(len(manifest.inputs), len(manifest.outputs))
    for name in (layout.MODEL, layout.README, *vectors):
        if name not in manifest.files:
            raise DamagedError(f"{bundle}: {layout.MANIFEST} does not list {name}; {AGAIN}")
    for name, file in manifest.files.items():
        if not layout.is_plain(name):
            raise DamagedError(
                f"{bundle}: {layout.MANIFEST} lists '{_shown(name)}', which is outside; don't use this bundle"
            )
        if name not in sizes:
            raise DamagedError(f"{bundle}: {_shown(name)} is missing; {AGAIN}")
        if sizes[name] != file.size_bytes:
            raise DamagedError(
                f"{bundle}: {_shown(name)} has {sizes[name]:,} bytes, the manifest says {file.size_bytes:,}; {AGAIN}"
            )
        most = layout.most_bytes(name)
        if most is not None and file.size_bytes > most:
            raise DamagedError(f"{bundle}: {_shown(name)} has {file.size_bytes:,} bytes, over {most:,}; don't use it")
    extra = sorted(set(sizes) - set(manifest.files) - {layout.MANIFEST})
    if extra:
        raise DamagedError(
            f"{bundle}: {_shown(extra[0])} is not in {layout.MANIFEST}; remove it, or get the bundle again"
        )
    _check_memory(bundle, sum(sizes.values()))


def _check_memory(bundle: Path, size: int) -> None:
    import psutil

    free = psutil.virtual_memory().available
    if size > free:
        raise BundleError(
            f"{bundle}: its {size / 1e9:,.1f} GB are more than the {free / 1e9:.1f} GB of memory that is free; use a "
            "machine with more"
        )


def _copy(bundle: Path, root: int, entry: tuple[str, File], target: Path) -> None:
    name, file = entry
    digest = hashlib.sha256()
    with target.open("xb") as stream:
        for block in _blocks(bundle, root, name, file.size_bytes):
            digest.update(block)
            stream.write(block)
    if digest.hexdigest() != file.sha256:
        raise DamagedError(f"{bundle}: {_shown(name)} was changed: not the SHA-256 that is expected; {AGAIN}")


def _blocks(bundle: Path, root: int, name: str, size: int) -> Iterator[bytes]:
    """The bytes of a plain file of that size."""
    with _opened(bundle, root, name) as stream:
        left = size
        while left and (block := stream.read(min(BLOCK, left))):
            left -= len(block)
            yield block
        if left or stream.read(1):
            raise DamagedError(f"{bundle}: {_shown(name)} changed while it was read; try again")


@contextmanager
def _opened(bundle: Path, root: int, name: str) -> Iterator[BinaryIO]:
    """A plain file, opened from the bundle's folder downward without following a link."""
    *folders, last = name.split("/")
    with ExitStack() as stack:
        try:
            folder = root
            for part in folders:
                folder = os.open(part, OPEN_FOLDER, dir_fd=folder)
                stack.callback(os.close, folder)
            file = os.open(last, OPEN, dir_fd=folder)
            stack.callback(os.close, file)
        except OSError as error:
            raise DamagedError(f"{bundle}: {_shown(name)} can't be read ({_told(error)}); {AGAIN}") from None
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise DamagedError(f"{bundle}: {_shown(name)} is no plain file; {AGAIN}")
        yield stack.enter_context(os.fdopen(file, "rb", closefd=False))


def _kind(entry: os.stat_result) -> str:
    return "is a link" if stat.S_ISLNK(entry.st_mode) else "is no plain file"


def _shown(name: str) -> str:
    """A name from a bundle as it may stand in a message: on one line, and not a long one."""
    text = ascii(name)[1:-1]
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def _told(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
