"""A bundle held against gates: what each says, what follows, and what can't be asked."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import harness
from harness.base.errors import BundleError, DataError, DeviceError, HarnessError
from harness.deploy import present
from harness.deploy.gates.judged import Judged, accuracy_gates
from harness.deploy.question import Question
from harness.deploy.validating import validate
from harness.deploy.validation import Finding, Validation
from harness.measure.runtime.usable import usable_device
from harness.records import Accuracy
from harness.spec import Gates
from tests.deploy.bundles import bundled, examples, reseal
from tests.onnx_files import cnn


def data_of(shared_bundle: Path) -> str:
    return f"npz:{shared_bundle.parent / 'images8.npz'}"


def decisions(found: Validation) -> dict[str, str]:
    return {finding.name: finding.decision for finding in found.findings}


def test_size_is_known_to_the_byte(bundle: Path) -> None:
    size_mb = (bundle / "model.onnx").stat().st_size / 1e6
    for bound, decision, code in ((size_mb, "pass", 0), (size_mb - 1e-6, "fail", 1)):
        found = validate(bundle, Question(Gates(max_size_mb=bound)))
        assert decisions(found)["max_size_mb"] == decision
        assert found.exit_code == code


def test_accuracy_passes_fails_or_can_not_be_told_by_its_interval(shared_bundle: Path) -> None:
    """Of 200 examples about a tenth is right by chance: 0.1 is inside of the interval, 0.001 and 0.9 are not."""
    data = data_of(shared_bundle)
    found = {bound: validate(shared_bundle, Question(Gates(min_accuracy=bound), data)) for bound in (0.001, 0.1, 0.9)}
    assert [decisions(each)["min_accuracy"] for each in found.values()] == ["pass", "can't tell", "fail"]
    assert [each.exit_code for each in found.values()] == [0, 2, 1]
    line = next(finding.line for finding in found[0.1].findings if finding.name == "min_accuracy")
    assert re.search(r"; (about [\d,]+ examples would decide it|the value is at the bound, .*: move the bound)$", line)
    assert decisions(found[0.9])["recorded answers"] == "pass"


def test_as_many_examples_as_a_gate_asks_for_decide_it() -> None:
    """Where the value stays what it is: 40 of 200 against a bound of 0.25, then as many times as it says."""
    half = Accuracy(correct="1" * 40 + "0" * 160, device="cpu")
    (first,) = accuracy_gates({"min_accuracy": 0.25}, Judged(half, None, 0.95, "examples", same=False))
    assert first.decision == "can't tell"
    found = re.search(r"about ([\d,]+) examples would decide it", first.line)
    assert found is not None
    times = math.ceil(int(found[1].replace(",", "")) / 200)
    more = Accuracy(correct=half.correct * times, device="cpu")
    (again,) = accuracy_gates({"min_accuracy": 0.25}, Judged(more, None, 0.95, "examples", same=False))
    assert again.decision == "fail"
    assert times < 10


def test_other_answers_than_those_recorded_fail(bundle: Path, shared_bundle: Path) -> None:
    def turned(values: dict[str, Any]) -> None:
        """One answer in a hundred is told the other way round."""
        answers = list(values["accuracy"]["answers"]["correct"])
        answers[::100] = ["1" if each == "0" else "0" for each in answers[::100]]
        values["accuracy"]["answers"]["correct"] = "".join(answers)

    reseal(bundle, turned)
    found = validate(bundle, Question(Gates(), data_of(shared_bundle)))
    assert decisions(found)["recorded answers"] == "fail"
    assert decisions(validate(shared_bundle, Question(Gates(), data_of(shared_bundle))))["recorded answers"] == "pass"


def test_accuracy_lost_is_paired_and_a_copy_loses_nothing_that_can_be_told(shared_bundle: Path, tmp_path: Path) -> None:
    data = data_of(shared_bundle)
    same = Question(Gates(max_accuracy_drop=0.05), data, None, shared_bundle)
    assert decisions(validate(shared_bundle, same))["max_accuracy_drop"] == "pass"
    exact = Question(Gates(max_accuracy_drop=0.0), data, None, shared_bundle)
    assert decisions(validate(shared_bundle, exact))["max_accuracy_drop"] == "can't tell"


def test_several_gates_have_wider_intervals_than_one(shared_bundle: Path) -> None:
    data = data_of(shared_bundle)
    alone = validate(shared_bundle, Question(Gates(min_accuracy=0.5), data))
    gates = Gates(min_accuracy=0.5, max_accuracy_drop=0.5)
    together = validate(shared_bundle, Question(gates, data, None, shared_bundle))
    widths = [
        finding.high - finding.low
        for found in (alone, together)
        for finding in found.findings
        if finding.name == "min_accuracy" and finding.high is not None and finding.low is not None
    ]
    assert widths[0] < widths[1]


@pytest.mark.slow
def test_measured_gates_that_are_far_away_are_decided(shared_bundle: Path) -> None:
    gates = Gates(max_latency_us=1e7, min_speedup=0.01, max_memory_mb=1e5, spend_s=120)
    found = validate(shared_bundle, Question(gates, None, None, shared_bundle))
    assert decisions(found) == dict.fromkeys(
        ("schema", "hashes", "load", "placement", "test vectors", "max_memory_mb", "max_latency_us", "min_speedup"),
        "pass",
    )
    for finding in found.findings[5:]:
        assert finding.low is not None
        assert finding.low <= finding.value <= finding.high  # type: ignore[operator]
        assert "cpu, 1 thread" in finding.line


def test_too_little_time_can_not_tell_and_says_how_much_would(shared_bundle: Path) -> None:
    found = validate(shared_bundle, Question(Gates(max_latency_us=1e7, spend_s=0.1)))
    assert found.exit_code == 2
    assert "--spend" in found.findings[-1].line


def test_a_model_that_changed_with_its_hashes_fails_by_its_test_vectors(bundle: Path) -> None:
    cnn(bundle / "model.onnx", seed=5)
    reseal(bundle)
    found = validate(bundle, Question(Gates()))
    assert decisions(found)["test vectors"] == "fail"
    assert found.exit_code == 1


CAN_NOT_BE_ASKED: list[tuple[dict[str, Any], str]] = [
    ({"gates": Gates(min_accuracy=0.9)}, "give --data"),
    ({"gates": Gates(max_accuracy_drop=0.1), "data": "mnist5k"}, "give --against"),
    ({"gates": Gates(min_speedup=1.0)}, "give --against"),
    ({"gates": Gates(device="cuda")}, "is for cpu, not for cuda"),
]


@pytest.mark.parametrize(("asked", "message"), CAN_NOT_BE_ASKED)
def test_gates_without_what_decides_them_are_refused(shared_bundle: Path, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        validate(shared_bundle, Question(**asked))


def test_a_bundle_for_a_device_that_does_not_run_here_is_no_question(bundle: Path) -> None:
    """A bundle for CUDA, where there is none: refused, and not run on the CPU instead."""
    if usable_device("auto") != "cpu":
        pytest.skip("CUDA runs here")
    reseal(bundle, lambda values: values.update(device="cuda"))
    with pytest.raises(DeviceError) as told:
        validate(bundle, Question(Gates()))
    assert "\n" not in str(told.value)
    assert "/harness-" not in str(told.value)


def test_a_baseline_that_takes_other_inputs_is_refused(shared_bundle: Path, tmp_path: Path) -> None:
    other = bundled(tmp_path, cnn(tmp_path / "other.onnx", classes=3))
    with pytest.raises(BundleError, match="its outputs are"):
        validate(shared_bundle, Question(Gates(min_speedup=1.0), None, None, other))
    fixed = bundled(tmp_path, cnn(tmp_path / "fixed.onnx", batch=4))
    with pytest.raises(BundleError, match="its inputs are 4x1x8x8"):
        validate(shared_bundle, Question(Gates(min_speedup=1.0), None, None, fixed))


def test_a_baseline_that_takes_the_same_in_another_precision_is_compared(shared_bundle: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.onnx"
    harness.quantize(cnn(tmp_path / "small.onnx"), half, "fp16", half_io=True)
    bundle = bundled(tmp_path, half)
    gates = Gates(max_accuracy_drop=0.5, min_speedup=0.001, spend_s=0.1)
    found = validate(bundle, Question(gates, data_of(shared_bundle), None, shared_bundle))
    assert decisions(found)["max_accuracy_drop"] == "pass"
    assert found.findings[-1].name == "min_speedup"
    assert "can't be measured" not in found.findings[-1].line


def test_an_int8_bundle_proves_which_kernels_compute_with_8_bits(tmp_path: Path) -> None:
    """And keeps within the tolerance of its own test vectors."""
    images = np.random.default_rng(0).random((32, 1, 8, 8), np.float32)
    harness.quantize(cnn(tmp_path / "small.onnx"), tmp_path / "int8.onnx", data=images)
    found = validate(bundled(tmp_path, tmp_path / "int8.onnx"), Question(Gates()))
    line = next(finding.line for finding in found.findings if finding.name == "placement")
    assert found.decision == "pass"
    assert re.search(r"; \d+ with 8-bit numbers \(.*QLinearConv", line)


def test_a_fixed_batch_is_the_one_that_is_timed(tmp_path: Path) -> None:
    fixed = bundled(tmp_path, cnn(tmp_path / "fixed.onnx", batch=4))
    found = validate(fixed, Question(Gates(max_latency_us=1e7, spend_s=0.1)))
    assert "batch 4" in found.findings[-1].line
    with pytest.raises(BundleError, match="batch is fixed at 4"):
        validate(fixed, Question(Gates(max_latency_us=1e7, batch_sizes=(1,))))


def test_data_that_does_not_fit_or_has_no_labels_is_refused(shared_bundle: Path, tmp_path: Path) -> None:
    gates = Gates(min_accuracy=0.5)
    with pytest.raises(BundleError, match="examples are 9x9x1"):
        validate(shared_bundle, Question(gates, examples(tmp_path, side=9)))
    with pytest.raises(BundleError, match="has 3 classes"):
        validate(shared_bundle, Question(gates, examples(tmp_path, classes=3)))
    np.savez(tmp_path / "bare.npz", x=np.zeros((10, 8, 8), np.uint8))
    with pytest.raises(DataError):
        validate(shared_bundle, Question(gates, f"npz:{tmp_path / 'bare.npz'}"))


def test_a_folder_that_is_no_bundle_is_no_question(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(BundleError, match="give a folder that `harness bundle` wrote"):
            validate(folder, Question(Gates()))


def test_messages_never_speak_of_the_copy(shared_bundle: Path, tmp_path: Path) -> None:
    """What goes wrong behind the copy is told of the bundle itself."""
    broken = Path(shutil.copytree(shared_bundle, tmp_path / "broken"))
    (broken / "model.onnx").write_bytes(b"nothing")
    reseal(broken)
    found = validate(broken, Question(Gates()))
    assert "/harness-" not in " ".join(finding.line for finding in found.findings)
    with pytest.raises(HarnessError) as told:
        validate(shared_bundle, Question(Gates(min_speedup=1.0), None, None, broken))
    assert "/harness-" not in str(told.value)


def three() -> Validation:
    """A validation with a gate of each kind, and text that XML and Markdown have to escape."""
    findings = (
        Finding(name="hashes", decision="pass", line="4 files"),
        Finding(name="max_latency_us", decision="fail", line="9 <us> & more | \x00", condition="batch 1"),
        Finding(name="min_accuracy", decision="can't tell", line="50.00%"),
    )
    return Validation(
        bundle="b", name="net <1>", sha256="0" * 64, against=None, confidence=0.95, findings=findings, versions={},
        machine="cpu", seconds=1.0,
    )  # fmt: skip


def test_junit_counts_what_failed_and_what_can_not_be_told() -> None:
    root = ElementTree.fromstring(present.junit(three()))
    suite = root.find("testsuite")
    assert suite is not None
    assert {key: suite.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
    }
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == ["hashes", "max_latency_us (batch 1)", "min_accuracy"]
    failure = cases[1].find("failure")
    assert failure is not None
    assert failure.get("message") == "9 <us> & more | "
    assert cases[2].find("error") is not None


def test_lines_and_markdown_have_every_gate_in_a_line() -> None:
    found = three()
    lines = list(present.lines(found))
    assert len(lines) == 4
    assert lines[-1] == "net <1>: don't ship: max_latency_us"
    table = [line for line in present.markdown(found).splitlines() if line.startswith("| ")]
    assert len(table) == 4
    assert "\\<us\\>" in table[2]
    assert "\\|" in table[2]


def test_a_validation_is_json(shared_bundle: Path) -> None:
    found = validate(shared_bundle, Question(Gates()))
    assert Validation.model_validate_json(json.dumps(found.model_dump(mode="json"))) == found
