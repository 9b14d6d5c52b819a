"""What the words on a command line mean, and what is said of those that mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.base.errors import SpecError, StoreError
from harness.cli.arguments import (
    check_outside,
    check_writable,
    fraction,
    settings,
    size,
    values,
    whole_numbers,
    write_text,
)


@pytest.mark.parametrize(("text", "value"), [("0.02", 0.02), ("2%", 0.02), ("0.5%", 0.005)])
def test_fractions_and_percentages(text: str, value: float) -> None:
    assert fraction(text, "--margin") == pytest.approx(value)


def test_lists_and_settings() -> None:
    assert whole_numbers("1,32", "--batch") == (1, 32)
    assert settings(["use_tf32=0", "a=b=c"], "--provider-option") == {"use_tf32": "0", "a": "b=c"}


def test_values_are_read_as_json_where_they_are_json() -> None:
    read = values(["padding=same", "filters=[8, 16]", "n_class=8"], "--option")
    assert read == {"padding": "same", "filters": [8, 16], "n_class": 8}


def test_sizes() -> None:
    assert size("64x48", "--resize") == (64, 48)
    for wrong in ("64", "64x", "0x48", "64x48x3", "-1x5"):
        with pytest.raises(SpecError, match=r"not a size; give height x width, for example --resize 64x48"):
            size(wrong, "--resize")


def test_what_can_not_be_read_shows_an_example() -> None:
    with pytest.raises(SpecError, match=r"--margin two: not a number; give a fraction such as 0.02, or 2%"):
        fraction("two", "--margin")
    with pytest.raises(SpecError, match="--batch 1;2: not whole numbers; give for example --batch 1,32"):
        whole_numbers("1;2", "--batch")
    with pytest.raises(SpecError, match="--provider-option tf32: not key=value"):
        settings(["tf32"], "--provider-option")


def test_a_file_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"out.json: can't be written \(.*\); give another path"):
        write_text(tmp_path / "file" / "out.json", "{}")
    with pytest.raises(StoreError, match=r"out.json: can't be written \(.*\); give another path"):
        check_writable(tmp_path / "file" / "out.json")


def test_an_answer_never_takes_the_place_of_what_it_is_about(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_text("a network")
    (tmp_path / "link.onnx").symlink_to("net.onnx")
    with pytest.raises(StoreError, match=r"link\.onnx: would overwrite the input .*net\.onnx, which is never changed"):
        check_writable(tmp_path / "link.onnx", tmp_path / "other.onnx", tmp_path / "net.onnx")
    check_writable(tmp_path / "other.onnx", tmp_path / "net.onnx")


def test_nothing_is_written_into_a_folder_that_must_stay_as_it_is(tmp_path: Path) -> None:
    """Also not by another way to it."""
    (tmp_path / "bundle").mkdir()
    (tmp_path / "link").symlink_to("bundle")
    for path in (tmp_path / "bundle" / "a.xml", tmp_path / "link" / "deep" / "a.xml"):
        with pytest.raises(StoreError, match=r"a.xml: is in .*bundle, which must stay as it is; give another path"):
            check_outside(path, None, tmp_path / "bundle")
    check_outside(tmp_path / "bundle.xml", tmp_path / "bundle", tmp_path / "nowhere")


def test_finding_out_whether_a_file_can_be_written_leaves_things_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("old")
    check_writable(tmp_path / "old.json")
    check_writable(tmp_path / "new.json")
    assert (tmp_path / "old.json").read_text() == "old"
    assert not (tmp_path / "new.json").exists()
