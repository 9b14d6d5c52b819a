"""What reconstruction misses of an ONNX graph's outputs, on examples that nothing is solved from."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.channels.by_place import named
from harness.prune.choose.planning import plan_of
from harness.prune.onnx.graph.reading import read_onnx
from harness.prune.onnx.graph.trace import Trace, trace
from harness.prune.onnx.recover.judging import OnnxJudge
from harness.records import ChannelPlan
from tests.prune.onnx.recover.test_reconstructing import images, twins

pytestmark = pytest.mark.without_tensorflow


def without(found: Trace, gone: list[int]) -> ChannelPlan:
    return plan_of(found, found.channels.removed(named(found.channels, {"first": gone})))


def test_channels_whose_twins_stay_are_missed_less_than_others(tmp_path: Path) -> None:
    found = trace(read_onnx(twins(tmp_path / "net.onnx"), ()))
    judge = OnnxJudge.of(found, {"image": images()}, 0)
    assert judge is not None
    assert judge.examples == 160
    twinned, pairs = judge.missed(without(found, [0, 1, 2, 3])), judge.missed(without(found, [0, 1, 4, 5]))
    assert twinned is not None
    assert pairs is not None
    assert twinned < 1e-8
    assert pairs > 1e-4


def test_it_can_not_tell_without_examples_or_by_too_few(tmp_path: Path) -> None:
    found = trace(read_onnx(twins(tmp_path / "net.onnx"), ()))
    assert OnnxJudge.of(found, None, 0) is None
    for count in (3, 5):
        judge = OnnxJudge.of(found, {"image": images(count)}, 0)
        assert judge is not None
        assert judge.missed(without(found, [0])) is None
