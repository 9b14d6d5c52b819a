"""The benchmark of torchvision's networks: what its page says of figures, and of what is not exported."""

from __future__ import annotations

from pathlib import Path

from bench.torchvision import EXPORTERS, FAMILIES, Row, kinds, page, proved, row
from harness.base.store import Store


def test_a_family_is_proved_by_both_exporters_in_all_its_networks() -> None:
    found = [Row(name, exporter, weights=0.3, difference=1e-6) for name in FAMILIES["ResNet"] for exporter in EXPORTERS]
    found += [Row("alexnet", "default", weights=0.3, difference=1e-6), Row("alexnet", "torchscript", why="it fails")]
    found += [Row("swin_t", exporter, weights=0.3, difference=1e-6) for exporter in EXPORTERS]  # one of two networks
    found += [Row("vit_b_16", "default", weights=0.3, difference=1e-6)]  # by one of two exporters
    assert proved(found) == ["ResNet"]
    text = page(found)
    assert "1 of torchvision's 20 families" in text
    assert "| alexnet | torchscript | | | | it fails | | |" in text
    assert "--networks resnet18 resnet50 alexnet swin_t vit_b_16`" in text


def test_reasons_are_counted_without_the_names_of_nodes() -> None:
    reasons = {"a": "'/norm/1' normalises over its channels", "b": "'x' normalises over its channels", "c": "an output"}
    assert kinds(reasons) == {"normalises over its channels": 2, "an output": 1}


def test_a_network_that_is_not_exported_is_a_row_that_says_so(tmp_path: Path) -> None:
    """And is tried again the next time: nothing is kept of it."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho first >&2\necho 'no such operator' >&2\nexit 1\n")
    python.chmod(0o755)
    found = row("alexnet", "default", python, Store(tmp_path / "store"))
    assert found.why == "PyTorch can't export it: no such operator"
    python.write_text("#!/bin/sh\necho 'still none' >&2\nexit 1\n")
    assert row("alexnet", "default", python, Store(tmp_path / "store")).why.endswith("still none")
