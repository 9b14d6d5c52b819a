"""Files in other precisions, measured beside each other, and what of them really computes with 8-bit numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness.compare.between import changes_between
from harness.measure.accuracy.evaluation import Examples, evaluate_files
from harness.measure.advice import advice
from harness.measure.group import placement
from harness.measure.measurement import Measurement
from harness.measure.model import Placement, operators_told
from harness.measure.protocol import measure
from harness.spec import MeasureSpec
from tests.quantize.nets import CLASSES, answers, images, network

BRIEF = MeasureSpec(device="cpu", batch_sizes=(1, 2), budget_s=0.5)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("precisions")
    found = {name: folder / f"{name}.onnx" for name in ("float", "half", "half_io", "int8", "part")}
    network(found["float"])
    harness.quantize(found["float"], found["half"], "fp16")
    harness.quantize(found["float"], found["half_io"], "fp16", half_io=True)
    harness.quantize(found["float"], found["int8"], data=images(32))
    harness.quantize(found["float"], found["part"], data=images(32), keep=("conv_2",))
    return found


def test_files_that_take_float16_and_float32_are_measured_together(files: dict[str, Path]) -> None:
    found = measure([files["float"], files["half_io"], files["int8"]], BRIEF)
    assert [row.error for row in found.rows] == [None] * 6
    assert found.inputs[0].dtype == "float32"


def test_two_occasions_whose_inputs_differ_in_precision_alone_can_be_compared(
    files: dict[str, Path], tmp_path: Path
) -> None:
    """Each beside the same file."""
    for number, order in enumerate((("float", "half_io"), ("half_io", "float"))):
        found = measure([files[name] for name in order], BRIEF)
        (tmp_path / f"{number}.json").write_text(found.model_dump_json())
    changes = changes_between(tmp_path / "0.json", tmp_path / "1.json")
    assert {change.name for change in changes.speed} <= {"float", "half_io"}
    assert changes.speed


def test_accuracy_of_files_of_several_precisions_is_compared(files: dict[str, Path]) -> None:
    taken = images(100)
    labels = answers(files["float"], taken)
    examples = Examples("own answers", taken, labels, [str(number) for number in range(CLASSES)], "0")
    found = evaluate_files([files["float"], files["half_io"]], examples, device="cpu")
    assert found.models[0].accuracy.value == 1
    assert found.models[1].accuracy.value > 0.95
    assert found.difference is not None


def test_what_computes_with_8_bit_numbers_is_told_apart_from_what_converts(files: dict[str, Path]) -> None:
    plain, quantized = placement(files["float"], "cpu"), placement(files["int8"], "cpu")
    assert (plain.conversions, plain.in_8_bits, plain.left_over) == (None, (), ())
    assert sum("QLinearConv" in name for name in quantized.in_8_bits) == 2
    assert "'dense' (QGemm)" in quantized.in_8_bits
    assert not any("Softmax" in name or "QuantizeLinear" in name for name in quantized.in_8_bits)
    assert [conversion[1:3] for conversion in quantized.conversions or ()] == [("QuantizeLinear", "input")]


def test_conversions_are_named_with_what_stands_beside_them(files: dict[str, Path]) -> None:
    left = placement(files["part"], "cpu")
    assert "Conv" in left.beside
    found = measure([files["part"]], BRIEF)
    lines = advice(found, ())
    (line,) = [line for line in lines if "kernels compute with 8-bit numbers, and" in line]
    assert "only convert; with 8 bits: " in line
    assert "QLinearConv" in line
    assert "QGemm" in line


def test_operators_are_counted_the_commonest_first() -> None:
    assert operators_told(["'a (1)' (QGemm)", "'b' (QLinearConv)", "'c' (QLinearConv)"]) == "2 QLinearConv, QGemm"


def test_a_pair_with_nothing_between_is_left_over() -> None:
    """Quantize and Dequantize that stand directly behind each other only round."""
    found = Placement(
        assigned=(),
        ran=(("CPU", "sin", "Sin", ("float",)), ("CPU", "q", "QuantizeLinear", ("uint8",))),
        conversions=(
            ("q", "QuantizeLinear", "'sin' (Sin)", "'d' (DequantizeLinear)"),
            ("d", "DequantizeLinear", "'q' (QuantizeLinear)", "'cos' (Cos)"),
            ("e", "DequantizeLinear", "'conv' (QLinearConv)", "'f' (QuantizeLinear)"),
            ("f", "QuantizeLinear", "'e' (DequantizeLinear)", "'gemm' (QGemm)"),
            ("alone", "QuantizeLinear", "input", "'conv' (QLinearConv)"),
        ),
    )
    assert found.left_over == ("'sin' (Sin) and 'cos' (Cos)", "'conv' (QLinearConv) and 'gemm' (QGemm)")
    assert found.in_8_bits == ()


def test_records_of_before_are_written_as_they_were() -> None:
    assert "conversions" not in Placement(assigned=(), ran=()).model_dump()
    found = Placement(assigned=(), ran=(), conversions=())
    assert Placement.model_validate_json(found.model_dump_json()) == found


def test_a_measurement_of_a_quantized_file_can_be_read_again(files: dict[str, Path]) -> None:
    found = measure([files["float"], files["int8"]], BRIEF)
    again = Measurement.model_validate_json(found.model_dump_json())
    assert again.models[1].placement == found.models[1].placement
