"""`harness quantize`: the answer on stdout, the files, and what is wrong in one line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from tests.cli.test_app import in_process
from tests.onnx_files import save, tensor, weight
from tests.quantize.nets import CLASSES, answers, images, labelled, network, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    network(tmp_path / "net.onnx")
    labelled(tmp_path / "net.onnx", tmp_path / "data.npz")
    return tmp_path


def test_int8_with_accuracy_and_without_a_measurement(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["quantize", str(folder / "net.onnx"), "--data", f"npz:{folder / 'data.npz'}", "--no-measure", "--quiet"]
    code, stdout, stderr = in_process(capsys, *words)
    assert (code, stderr) == (0, "")
    assert "net-int8.onnx: 7 nodes in INT8" in stdout
    assert "kept of the original's 'scores', on 150 examples: top-1 the same in" in stdout
    assert "100.0 % (95 % interval" in stdout
    assert "no INT8 for: Softmax, Transpose" in stdout
    made = json.loads((folder / "net-int8.report.json").read_text())
    assert made["schema_version"] == "harness-quantize/1"
    assert made["evaluation"]["models"][1]["path"].endswith("net-int8.onnx")
    assert sorted(path.name for path in folder.iterdir()) == [
        "data.npz", "net-int8.onnx", "net-int8.report.json", "net.onnx",
    ]  # fmt: skip


def test_it_is_measured_and_what_really_ran_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["quantize", str(folder / "net.onnx"), "--data", f"npz:{folder / 'data.npz'}", "--batch", "1"]
    code, stdout, _ = in_process(capsys, *words, "--budget", "1", "--json", "--device", "cpu", "--keep", "conv_2")
    found = json.loads(stdout)
    assert found["files"] == [str(folder / "net-int8.onnx"), str(folder / "net-int8.report.json")]
    assert found["gains"][0]["verdict"] in {"faster", "slower", "equivalent", "inconclusive"}
    assert code == (1 if found["gains"][0]["verdict"] == "slower" else code)
    assert any("QLinearConv" in each for each in found["in_8_bits"])
    assert found["converting"] >= 2
    assert found["kernels"] > len(found["in_8_bits"])
    blamed = found["blamed"]
    assert not blamed if found["gains"][0]["verdict"] == "faster" else blamed[0]["around"]["Conv"] == 1


def test_the_operators_that_really_ran_in_8_bits_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["quantize", str(folder / "net.onnx"), "--data", f"npz:{folder / 'data.npz'}", "--batch", "1"]
    _, stdout, _ = in_process(capsys, *words, "--budget", "1", "--device", "cpu", "--quiet")
    assert re.search(r"ran on cpu: \d+ of \d+ kernels with 8-bit numbers \(.*2 QLinearConv.*\)", stdout)


def test_fp16_on_a_cpu_says_that_it_is_computed_in_float32(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without data, too."""
    words = ["quantize", str(folder / "net.onnx"), "--fp16", "--batch", "1", "--budget", "1", "--device", "cpu"]
    _, stdout, _ = in_process(capsys, *words, "-o", str(folder / "half.onnx"))
    assert "half.onnx: weights in float16" in stdout
    assert "this device (cpu) computes float16 in float32" in stdout
    assert (folder / "half.onnx").is_file()


def wrong(folder: Path, kind: str) -> list[str]:
    """Words of a command line with one thing wrong."""
    net, data = str(folder / "net.onnx"), ["--data", f"npz:{folder / 'data.npz'}"]
    if kind == "operators":
        nodes = [helper.make_node("Sin", ["x"], ["a"]), helper.make_node("Softmax", ["a"], ["y"])]
        save(folder / "sin.onnx", nodes, [tensor("x", ["N", 12, 12, 1])], [tensor("y", None)])
        return [str(folder / "sin.onnx"), *data]
    if kind == "scale":
        return [str(_taking_bytes(folder)), "--data", f"npz:{folder / 'bytes.npz'}"]
    words = {
        "no images": [net],
        "two": [net, "--int8", "--fp16", *data],
        "calibrator": [net, "--calibrator", "median", *data],
        "half io": [net, "--half-io", *data],
        "none": [net, "--images", "0", *data],
        "keep": [net, "--keep", "conv_7", *data],
        "keep all": [net, "--keep", "conv_1", "--keep", "conv_2", "--keep", "dense", *data],
        "auto unmeasured": [net, "--auto", *data],
        "ranges of fp16": [net, "--fp16", "--images", "20", "--calibrator", "minmax"],
        "limit of nothing": [net, "--fp16", "--limit", "20", "--scale", "raw"],
        "missing": [str(folder / "nowhere.onnx"), *data],
        "no data": [net, "--data", "npz:nowhere.npz"],
        "shape": [net, "--data", "mnist5k", "--limit", "100"],
        "output": [net, *data, "-o", net],
        "suffix": [net, *data, "-o", str(folder / "net.int8")],
        "place": [net, *data, "-o", "/proc/half.onnx"],
        "batch": [net, *data, "--batch", "one"],
        "unmeasured": [net, *data, "--batch", "8", "--input", "image:Nx12x12x1:float32"],
        "device": [net, *data, "--device", "tpu"],
        "not onnx": [str(folder / "data.npz"), *data],
    }
    return words[kind]


def _taking_bytes(folder: Path) -> Path:
    """The same network for images from 0 to 255, and images of that kind: from 0 to 1 it always gives class 0."""
    model = onnx.load(folder / "net.onnx")
    kernel = next(each for each in model.graph.initializer if each.name == "k1")
    kernel.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(kernel) / np.float32(255), "k1"))
    for each in model.graph.initializer:
        if each.name == "b1":
            each.CopyFrom(onnx.numpy_helper.from_array(np.zeros(16, np.float32), "b1"))
        if each.name == "offsets":
            strong = np.array([0.05, 0.0, 0.0, 0.0], np.float32)
            each.CopyFrom(onnx.numpy_helper.from_array(strong, "offsets"))
    onnx.save(model, folder / "bytes.onnx")
    taken = np.rint(255 * images(400)).astype(np.uint8)
    labels = answers(folder / "bytes.onnx", taken.astype(np.float32))
    names = np.array([f"class {number}" for number in range(CLASSES)])
    np.savez(folder / "bytes.npz", images=taken, labels=labels, class_names=names)
    return folder / "bytes.onnx"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("no images", "--int8: needs images to find ranges by; give --data, such as images:DIR"),
        ("two", "--int8 and --fp16: give one of them"),
        ("calibrator", "harness quantize: calibrator = 'median': input should be 'minmax' or 'percentile'"),
        ("half io", "half_io is for fp16, not for int8; leave it out"),
        ("none", "images = 0"),
        ("keep", "has no node 'conv_7' that could be quantized"),
        ("keep all", "net.onnx: keep names every node that INT8 is for, so none would be faster; leave one out"),
        ("auto unmeasured", "--auto: measures what is faster; leave out --no-measure"),
        ("ranges of fp16", "--images and --calibrator: for the ranges of --int8 and --auto"),
        ("limit of nothing", "--scale and --limit: for --data, which is not given; give it, or leave them out"),
        ("missing", "nowhere.onnx: can't be read (No such file or directory)"),
        ("no data", "nowhere.npz: no such file"),
        ("shape", "net.onnx: takes 12x12x1 for each example, and the data has 28x28x1"),
        ("output", "is the input, which is never changed; give another name"),
        ("suffix", "give a file name that ends in .onnx"),
        ("place", "/proc: can't be made; give a folder that can be written"),
        ("batch", "--batch one: not whole numbers"),
        ("unmeasured", "--batch and --input: for measuring the speed; leave it out, or --no-measure"),
        ("device", "device = 'tpu'"),
        ("not onnx", "data.npz: not an ONNX file"),
        ("operators", "there is no INT8 for what it does (Sin, Softmax); INT8 is for Conv, Gemm and MatMul"),
        ("scale", "give --scale raw"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    folder: Path, capsys: pytest.CaptureFixture[str], kind: str, message: str
) -> None:
    words = wrong(folder, kind)
    before = sorted(folder.iterdir())
    code, stdout, stderr = in_process(capsys, "quantize", *words, "--quiet", "--no-measure")
    assert (code, stdout) == (2, "")
    assert stderr.startswith("harness: ")
    assert message in stderr
    assert stderr.count("\n") == 1
    assert sorted(folder.iterdir()) == before


@pytest.fixture
def any_size(tmp_path: Path) -> Path:
    """A network of images of any size, as Paddle's files are."""
    nodes = [
        helper.make_node("Conv", ["image", "k"], ["c"], name="conv", pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["c"], ["p"], name="pool"),
        helper.make_node("Flatten", ["p"], ["scores"], name="flatten"),
    ]
    sizes = [tensor("image", ["N", 1, "H", "W"])]
    return save(tmp_path / "any.onnx", nodes, sizes, [tensor("scores", ["N", 4])], [weight("k", (4, 1, 3, 3))])


def test_a_file_for_images_of_any_size_is_measured_with_those_of_the_data(
    any_size: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(any_size.with_name("data.npz"), images=images(40), labels=np.arange(40) % 4)
    words = ["quantize", str(any_size), "--data", f"npz:{any_size.with_name('data.npz')}", "--batch", "1"]
    _, stdout, _ = in_process(capsys, *words, "--budget", "1", "--device", "cpu", "--json")
    assert json.loads(stdout)["gains"][0]["original_us"] > 0


def test_without_data_its_sizes_are_said(any_size: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["quantize", str(any_size), "--fp16", "--batch", "1", "--budget", "1", "--device", "cpu", "--quiet"]
    code, _, stderr = in_process(capsys, *words)
    assert (code, stderr.count("\n")) == (2, 1)
    assert "say what it takes: --input image:Nx1x128x128:float32; or leave that out: --no-measure" in stderr
    code, stdout, _ = in_process(capsys, *words, "--input", "image:Nx1x12x12:float32")
    assert "batch 1: " in stdout


def small(folder: Path, kind: str) -> list[str]:
    """Words about a file that can't be judged or measured as they ask."""
    data = ["--data", f"npz:{folder / 'data.npz'}", "--budget", "1", "--device", "cpu", "--quiet"]
    kernel = weight("k", (4, 1, 3, 3))
    conv = helper.make_node("Conv", ["image", "k"], ["c"], name="conv", pads=[1, 1, 1, 1])
    scores = [helper.make_node("GlobalAveragePool", ["c"], ["p"]), helper.make_node("Flatten", ["p"], ["scores"])]
    image, out, path = tensor("image", ["N", 1, 12, 12]), tensor("scores", ["N", 4]), folder / "net.onnx"
    if kind == "two inputs":
        scores[1] = helper.make_node("Flatten", ["p"], ["flat"])
        scores.append(helper.make_node("Add", ["flat", "other"], ["scores"]))
        save(path, [conv, *scores], [image, tensor("other", [])], [out], [kernel])
    elif kind == "batch":
        save(path, [conv, *scores], [tensor("image", [7, 1, 12, 12])], [tensor("scores", [7, 4])], [kernel])
        data += ["--batch=1"]
    elif kind == "no runtime":
        save(path, [conv, *scores], [image], [out], [kernel], opset=99)
    elif kind == "no classifier":
        save(path, [conv], [image], [tensor("c", None)], [kernel])
    return [str(path), *data]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("two inputs", "has 2 inputs, and images are for one; give a model with one, or --fp16 without --data"),
        ("batch", "takes 7 at once and no other number; give --batch 7"),
        ("no runtime", "onnxruntime can't load it: opset 99"),
        ("no classifier", "or give images:DIR without folders of classes, to leave the accuracy out"),
    ],
)
def test_what_can_not_be_done_is_told_before_the_work(
    tmp_path: Path, kind: str, message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def worked(*_: object) -> None:
        raise AssertionError("the work began")

    np.savez(tmp_path / "data.npz", images=images(40), labels=np.arange(40) % 4)
    monkeypatch.setattr("harness.quantize.job.write_quantized", worked)
    code, stdout, stderr = in_process(capsys, "quantize", *small(tmp_path, kind))
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert message in stderr


def test_a_file_of_one_batch_size_is_measured_at_that(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "data.npz", images=images(70), labels=np.arange(70) % 4)
    words = [word for word in small(tmp_path, "batch") if word != "--batch=1"]
    _, stdout, _ = in_process(capsys, "quantize", *words, "--json")
    gains = json.loads(stdout)["gains"]
    assert [gain["batch"] for gain in gains] == [7]
    assert gains[0]["original_us"] > 0


@pytest.mark.parametrize("kind", ["external", "whole numbers"])
def test_files_of_other_kinds(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Weights beside the file, and a file whose answers are class numbers, of which no distance is told."""
    path = network(tmp_path / "net.onnx")
    model = onnx.load(path)
    if kind == "external":
        onnx.save(model, path, save_as_external_data=True, location="net.data", size_threshold=0)
    else:
        model.graph.node.append(helper.make_node("ArgMax", ["scores"], ["class"], axis=1, keepdims=0))
        del model.graph.output[:]
        model.graph.output.append(tensor("class", ["N"], onnx.TensorProto.INT64))
        onnx.save(model, path)
    data = labelled(network(tmp_path / "whole.onnx"), tmp_path / "data.npz")
    code, _, stderr = in_process(capsys, "quantize", str(path), "--data", f"npz:{data}", "--no-measure", "--quiet")
    assert (code, stderr) == (0, "")
    assert len(run(tmp_path / "net-int8.onnx", images(20))) == 20
