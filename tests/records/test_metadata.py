"""What a file says of itself is read back as it was said, and beside what others say in it."""

from __future__ import annotations

import pytest

from harness.base.errors import ModelError
from harness.records import ChannelPlan, Metadata, Preprocessing, TestAccuracy
from harness.spec import DataSpec

WHOLE = Metadata(
    source="ab" * 32,
    plan=ChannelPlan(architecture="x", kept={"conv": (0, 2)}, channels={"conv": 3}),
    versions={"keras": "3.15"},
    accuracy=TestAccuracy(hits=9, examples=10),
    labels=("cat", "dög", 'a "quote"'),
    preprocessing=Preprocessing.of(DataSpec(name="npz:somewhere.npz", resize=(32, 24), scale="raw")),
    twin_of="mixed_float16",
)


def test_read_back_as_it_was_said() -> None:
    props: dict[str, str] = {}
    WHOLE.write_into(props)
    assert Metadata.of(props) == WHOLE
    assert props["harness.source"] == "ab" * 32
    assert "somewhere" not in "".join(props.values())  # no path of a machine


def test_entries_of_others_stay_and_older_ones_go() -> None:
    props = {"author": "somebody"}
    WHOLE.write_into(props)
    Metadata(labels=("one",)).write_into(props)
    assert props == {"author": "somebody", "harness.labels": '["one"]'}


def test_a_file_that_says_nothing() -> None:
    assert Metadata.of({"author": "somebody", "harness.of_the_future": "?"}) == Metadata()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plan", "{"),
        ("plan", '{"kept": 3}'),
        ("labels", '"cat"'),
        ("labels", "[" * 100_000),
        ("accuracy", '{"hits": -1, "examples": 3}'),
        ("source", "../../etc"),
        ("preprocessing", '{"scale": "sideways"}'),
    ],
)
def test_a_damaged_entry_is_named(name: str, text: str) -> None:
    with pytest.raises(ModelError, match=rf"its metadata 'harness\.{name}' can't be read; export the model again"):
        Metadata.of({f"harness.{name}": text})
