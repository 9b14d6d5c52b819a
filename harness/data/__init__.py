"""Datasets by name, split and transformed: `load(DataSpec(name="mnist5k"))`.

From outside, import from `harness.data` itself.
"""

from harness.data.dataset import Dataset
from harness.data.loading import load, load_all, names

__all__ = ["Dataset", "load", "load_all", "names"]
