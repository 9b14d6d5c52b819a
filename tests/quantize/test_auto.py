"""Which nodes `auto` tries in float32, and that it chooses by what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx
import pytest

import harness
from harness.base.progress import Progress, Silent
from harness.quantize import auto
from harness.quantize.auto import Search, by_kind, in_parts
from harness.quantize.gains import typical, wins
from harness.quantize.operators import Layer, Nodes, nodes_of
from harness.records import Gain
from harness.spec import MeasureSpec
from tests.quantize.nets import images, network


def gain(speedup: float, batch: int = 1) -> Gain:
    verdict = "faster" if speedup > 1.02 else "slower" if speedup < 0.98 else "equivalent"
    return Gain(
        batch=batch, speedup=speedup, ci_low=0.99 * speedup, ci_high=1.01 * speedup, verdict=verdict, original_us=100.0,
        quantized_us=100 / speedup,
    )  # fmt: skip


def layers(count: int) -> tuple[Layer, ...]:
    return tuple(Layer(f"conv_{number}", "Conv", (f"pool_{number}",), (f"relu_{number}",)) for number in range(count))


def test_arrangements_by_kind_differ_and_leave_something_in_int8(tmp_path: Path) -> None:
    nodes = nodes_of(onnx.load(network(tmp_path / "a.onnx")).graph)
    found = by_kind(nodes, ["conv_1"])
    assert found == {
        "all": (),
        "all but what is slower so": ("conv_1", "relu_1", "pool"),
        "convolutions alone": ("dense",),
        "products alone": ("conv_1", "relu_1", "pool", "conv_2", "relu_2", "flatten"),
    }
    assert "all but what is slower so" not in by_kind(nodes)
    everything = ["conv_1", "conv_2", "dense"]
    assert "all but what is slower so" not in by_kind(nodes, everything)


@pytest.mark.parametrize(("count", "parts"), [(1, 1), (5, 5), (8, 8), (53, 8)])
def test_a_network_has_at_most_eight_parts_and_each_layer_is_in_one(count: int, parts: int) -> None:
    found = in_parts(layers(count))
    assert len(found) == parts
    assert [layer for part in found for layer in part] == list(layers(count))
    assert all(found)


def test_wins_and_the_speed_over_all_batch_sizes() -> None:
    assert typical([gain(2.0), gain(0.5, 32)]) == pytest.approx(1.0)
    assert wins([gain(1.5), gain(1.0, 32)])
    assert not wins([gain(1.5), gain(0.9, 32)])
    assert not wins([gain(1.0)])


def unknown(speedup: float, batch: int = 1) -> Gain:
    """As it is where there were too few launches."""
    return gain(speedup, batch).model_copy(update={"ci_low": None, "ci_high": None, "verdict": "inconclusive"})


def searched(
    monkeypatch: pytest.MonkeyPatch, folder: Path, slow: Sequence[str], count: int = 4, *, needs: float = 0.01
) -> Search:
    """A search in a world where each layer in INT8 makes a network 1.2 times as fast, but those in `slow` 0.7 times.

    To judge a file needs that share of all the time that there is.
    """
    left_of: dict[Path, set[str]] = {}

    def write(path: Path, left: Sequence[str]) -> None:
        left_of[path] = set(left)

    def measured(
        original: Path, files: Sequence[Path], spec: MeasureSpec, progress: Progress
    ) -> tuple[None, tuple[tuple[Gain, ...], ...]]:
        found = []
        for file in files:
            speed = 1.0
            for layer in layers(count):
                if layer.kernel not in left_of[file]:
                    speed *= 0.7 if layer.kernel in slow else 1.2
            known = gain if spec.budget_s / len(files) >= needs * MeasureSpec().budget_s else unknown
            found.append((known(speed), known(speed, 32)))
        return None, tuple(found)

    monkeypatch.setattr(auto, "gains_of", measured)
    return Search(folder / "a.onnx", write, MeasureSpec(), folder, Silent())


def test_the_layers_that_are_slower_in_int8_are_left_in_float32(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    search = searched(monkeypatch, tmp_path, slow=["conv_1", "conv_3"])
    found = search.arrange(Nodes(layers(4), (), {}))
    (chosen,) = [each for each in found if each.chosen]
    assert {name for name in chosen.left if name.startswith("conv")} == {"conv_1", "conv_3"}
    assert chosen.gains[0].speedup == pytest.approx(1.44)


def test_what_the_profiler_suspects_is_tried_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    search = searched(monkeypatch, tmp_path, slow=["conv_1", "conv_3"])
    (chosen,) = [each for each in search.arrange(Nodes(layers(4), (), {}), ["conv_1", "conv_3"]) if each.chosen]
    assert chosen.name == "all but what is slower so"


def test_nothing_is_chosen_where_nothing_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    search = searched(monkeypatch, tmp_path, slow=[f"conv_{number}" for number in range(4)])
    found = search.arrange(Nodes(layers(4), (), {}))
    assert found
    assert not any(each.chosen for each in found)


def test_all_is_chosen_where_all_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    search = searched(monkeypatch, tmp_path, slow=[])
    (chosen,) = [each for each in search.arrange(Nodes(layers(4), (), {})) if each.chosen]
    assert chosen.name == "all"


def test_where_there_is_time_to_judge_one_alone_the_fastest_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With all the time: a ResNet50 three times as fast in INT8 was left in float32, since arrangements shared it."""
    search = searched(monkeypatch, tmp_path, slow=[], needs=0.9)
    (chosen,) = [each for each in search.arrange(Nodes(layers(4), (), {})) if each.chosen]
    assert chosen.name == "all"
    assert wins(chosen.gains)
    search = searched(monkeypatch, tmp_path, slow=[], needs=1.1)
    assert not any(each.chosen for each in search.arrange(Nodes(layers(4), (), {})))


def test_a_real_file_is_arranged_by_real_measurements(tmp_path: Path) -> None:
    """Whatever is faster here: what is chosen was shown to be, and the file is the original where nothing was."""
    original, path = network(tmp_path / "a.onnx"), tmp_path / "auto.onnx"
    measuring = MeasureSpec(device="cpu", batch_sizes=(1,), budget_s=3.0)
    found = harness.quantize(original, path, "auto", data=images(32), measuring=measuring)
    assert found.arrangements
    chosen = [each for each in found.arrangements if each.chosen]
    assert len(chosen) <= 1
    if chosen:
        assert wins(chosen[0].gains)
        assert set(found.left) == set(chosen[0].left)
        assert "QuantizeLinear" in {node.op_type for node in onnx.load(path).graph.node}
    else:
        assert found.unchanged
        assert path.read_bytes() == original.read_bytes()
