"""What `--store` says: a folder, or an address that fsspec understands."""

from __future__ import annotations

import logging
import math
import os
import re
from pathlib import Path

from harness.base.errors import SpecError, StoreError
from harness.base.store.artifact import digest
from harness.base.store.behind import Behind
from harness.base.store.cache import Cache
from harness.base.store.place import Folder
from harness.base.store.remote import Remote
from harness.base.store.store import Store

CACHE_GB = 10.0
NAME_LETTERS = 12
LOCAL = ("file", "local")
SLASHES = re.compile(r"([a-z][a-z0-9+.-]+):/?(?!/)(.*)")  # too few of them, also as pathlib leaves them
log = logging.getLogger("harness")


def open_store(address: str | Path | Store, cache: Path | None = None, cache_gb: float | None = None) -> Store:
    """The store at an address. Nothing is read or written yet.

    Args:
        address: a folder, or what fsspec understands, such as `s3://bucket/folder`; a store is given back as it is.
        cache: where a distant store's artifacts are kept on this disk; HARNESS_CACHE, or else the user's cache folder.
        cache_gb: how many gigabytes of them; HARNESS_CACHE_GB, or else 10.

    Raises:
        SpecError: there is no such protocol, or a number is none.
        StoreError: the package for it is missing.
    """
    if isinstance(address, Store):
        return address
    place = place_at(address)
    if isinstance(place, Folder):
        return Store(place.root, log.warning)
    folder = cache or _cache_folder()
    most_gb = _cache_gb() if cache_gb is None else cache_gb
    if not 0 < most_gb < math.inf:
        raise SpecError(f"a cache of at most {most_gb:g} GB can't be; give more than 0")
    behind = Behind(place, Cache(folder, int(most_gb * 1e9), log.warning))
    return Store(folder / digest(place.url)[:NAME_LETTERS], log.warning, behind)


def place_at(address: str | Path) -> Folder | Remote:
    """Where the files of a store are.

    Raises:
        SpecError: it is empty, or there is no such protocol.
        StoreError: the package for it is missing.
    """
    text = str(address)
    if not text:
        raise SpecError("--store: is empty; give a folder such as .harness, or an address such as s3://BUCKET/FOLDER")
    few = SLASHES.fullmatch(text)
    if few is not None and "::" not in text:
        raise SpecError(f"{text}: for an address give '{few[1]}://{few[2]}' as text, for a folder './{text}'")
    if "://" not in text and "::" not in text:
        return Folder(Path(text))
    protocol, _, rest = text.partition("://")
    if protocol in LOCAL:
        return Folder(Path(rest))
    _check(text)
    return Remote(text.rstrip("/"))


def _check(text: str) -> None:
    """Whether fsspec can reach such an address at all."""
    shown = Remote(text).address
    try:
        from fsspec.registry import get_filesystem_class
    except ImportError:
        raise StoreError(f"{shown}: a store that is no folder needs fsspec; install prune-harness[remote]") from None
    protocols = re.findall(r"([^:/]+)(?=://|::)", text) or [""]
    for protocol in protocols:
        try:
            get_filesystem_class(protocol)
        except ValueError:
            raise SpecError(
                f"{shown}: fsspec knows no protocol '{protocol}'; give a folder, s3://BUCKET/FOLDER, gs://BUCKET/FOLDER"
                " or another that it knows"
            ) from None
        except ImportError as error:
            raise StoreError(f"{shown}: a package is missing: {error}") from None
    root = text if "::" in text else get_filesystem_class(protocols[0])._strip_protocol(text)
    if not root.strip(":/"):
        raise SpecError(f"{shown}: names no bucket or folder; give for example s3://BUCKET/FOLDER")


def _cache_folder() -> Path:
    given = os.environ.get("HARNESS_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "harness"


def _cache_gb() -> float:
    given = os.environ.get("HARNESS_CACHE_GB")
    try:
        return float(given) if given else CACHE_GB
    except ValueError:
        raise SpecError(f"HARNESS_CACHE_GB={given}: not a number; give gigabytes, for example 10") from None
