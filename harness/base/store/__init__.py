"""The store: finished stages by what they were made from, in a folder or behind one, and its upkeep.

From outside: what is imported here; the rest is the store's own.
"""

from harness.base.store.address import open_store, place_at
from harness.base.store.alive import using
from harness.base.store.artifact import Artifact, digest, file_digest
from harness.base.store.disk import DISK_ERRORS, check_writable, disk_errors, replaced_folder
from harness.base.store.place import Folder, Place
from harness.base.store.remote import Remote
from harness.base.store.store import Store

__all__ = [
    "DISK_ERRORS",
    "Artifact",
    "Folder",
    "Place",
    "Remote",
    "Store",
    "check_writable",
    "digest",
    "disk_errors",
    "file_digest",
    "open_store",
    "place_at",
    "replaced_folder",
    "using",
]
