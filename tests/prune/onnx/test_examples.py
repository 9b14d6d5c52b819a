"""Examples for ONNX files: arrays by input name from `npz:FILE`, and ONNX test data from `pb:DIR`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image

from harness.measure.inputs.declared import ModelInput
from harness.prune.onnx.examples import sizes_of, split
from tests.cli.test_app import in_process
from tests.onnx_files import tensor
from tests.prune.onnx.graph.building import Net

Captured = pytest.CaptureFixture[str]
Arrays = dict[str, np.ndarray]
COUNT = 50


def two_inputs(path: Path) -> Path:
    """Pictures, and numbers that stand beside their features."""
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="first"))
    rows = net.op("Flatten", net.op("GlobalAveragePool", x))
    joined = net.op("Concat", rows, "numbers", axis=1)
    inputs = [tensor("image", ("N", 3, 6, 6)), tensor("numbers", ("N", 8))]
    return net.save(path, [net.dense(joined, 16, 4, name="head")], inputs)


def arrays(count: int = COUNT) -> Arrays:
    generator = np.random.default_rng(0)
    return {
        "image": generator.normal(size=(count, 3, 6, 6)).astype(np.float32),
        "numbers": generator.normal(size=(count, 8)),
    }


def as_npz(folder: Path, made: Arrays) -> str:
    np.savez(folder / "data.npz", **made)  # type: ignore[arg-type]
    return f"npz:{folder / 'data.npz'}"


def as_sets(folder: Path, made: Arrays, each: int = 10) -> str:
    """Test data of so many examples in each set; the second input's tensors have no name."""
    for number, start in enumerate(range(0, len(made["image"]), each)):
        place = folder / "tests" / f"test_data_set_{number}"
        place.mkdir(parents=True)
        for index, (name, array) in enumerate(made.items()):
            part = array[start : start + each].astype(np.float32)
            tensor_of = numpy_helper.from_array(part, name if index == 0 else "")
            onnx.save_tensor(tensor_of, str(place / f"input_{index}.pb"))
    return f"pb:{folder / 'tests'}"


def pruned(capsys: Captured, source: Path, *words: object) -> tuple[int, str, str]:
    return in_process(capsys, "prune", str(source), "--ratio", "0.5", *map(str, words), "--json", "--quiet")


@pytest.mark.parametrize("write", [as_npz, as_sets])
def test_arrays_by_input_name_rank_reconstruct_and_judge(
    tmp_path: Path, capsys: Captured, write: Callable[[Path, Arrays], str]
) -> None:
    source = two_inputs(tmp_path / "net.onnx")
    words = ["--data", write(tmp_path, arrays()), "--importance", "activation", "--reconstruct"]
    code, out, err = pruned(capsys, source, *words)
    assert code == 0, err
    told = json.loads(out)
    assert told["reconstruction"]["images"] == 40
    assert told["reconstruction"]["after"] <= told["reconstruction"]["before"]
    assert told["agreement"]["examples"] == 10


def test_both_kinds_say_the_same(tmp_path: Path, capsys: Captured) -> None:
    source = two_inputs(tmp_path / "net.onnx")
    kept = []
    for write in (as_npz, as_sets):
        code, _, err = pruned(capsys, source, "--data", write(tmp_path, arrays()), "--importance", "activation")
        assert code == 0, err
        kept.append(json.loads((tmp_path / "net-pruned.plan.json").read_text())["kept"])
    assert kept[0] == kept[1]


def test_every_fifth_example_is_for_judging_and_of_few_none() -> None:
    first, others = split({"x": np.arange(11)})
    assert others is not None
    assert others["x"].tolist() == [4, 9]
    assert sorted([*first["x"], *others["x"]]) == list(range(11))
    assert split({"x": np.arange(4)})[1] is None


def without(name: str) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        return as_npz(folder, {key: array for key, array in arrays().items() if key != name})

    return make


def changed(**others: Any) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        return as_npz(folder, {**arrays(), **{name: np.asarray(array) for name, array in others.items()}})

    return make


def uneven(folder: Path) -> str:
    where = as_sets(folder, arrays(20))
    onnx.save_tensor(
        numpy_helper.from_array(np.zeros((10, 3, 5, 6), np.float32), "image"),
        str(folder / "tests" / "test_data_set_1" / "input_0.pb"),
    )
    return where


REFUSED = [
    (without("numbers"), "has no array for input numbers:?x8:float32"),
    (changed(numbers=np.zeros((COUNT, 9))), "'numbers' is 50x9:float64, and the model takes numbers:?x8:float32"),
    (changed(numbers=np.zeros((COUNT, 8), np.int64)), "'numbers' is 50x8:int64"),
    (changed(numbers=np.zeros((COUNT - 1, 8))), "[49, 50] examples of the inputs"),
    (uneven, "the sets differ in their inputs or sizes"),
    (lambda folder: f"pb:{folder / 'gone'}", "no such folder; give one that holds test_data_set_0"),
    (lambda folder: f"pb:{folder}", "holds no input_0.pb"),
    (lambda folder: f"npz:{folder / 'gone.npz'}", "no such file"),
    (lambda folder: as_npz(folder, {"pictures": np.zeros(3)}), "it needs images and labels"),
]


@pytest.mark.parametrize(("make", "said"), REFUSED)
def test_what_does_not_fit_is_one_line(
    tmp_path: Path, capsys: Captured, make: Callable[[Path], str], said: str
) -> None:
    source = two_inputs(tmp_path / "net.onnx")
    data = make(tmp_path)
    code, out, err = pruned(capsys, source, "--data", data, "--importance", "activation")
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "net-pruned.onnx").exists()


def test_transforms_are_for_images(tmp_path: Path, capsys: Captured) -> None:
    source = two_inputs(tmp_path / "net.onnx")
    code, _, err = pruned(capsys, source, "--data", as_npz(tmp_path, arrays()), "--scale", "raw")
    assert code == 2
    assert "--scale: for images; arrays by input name are fed as they are" in err


def one_input(path: Path, *sizes: object) -> Path:
    """A classifier of images of these heights and widths."""
    net = Net()
    rows = net.op("Flatten", net.op("GlobalAveragePool", net.op("Relu", net.conv("image", 3, 8, name="first"))))
    return net.save(path, [net.dense(rows, 8, 4, name="head")], [tensor("image", ("N", 3, *sizes))])


def photos(folder: Path, height: int, width: int) -> str:
    (folder / "photos").mkdir()
    for number in range(COUNT):
        pixels = np.random.default_rng(number).integers(0, 255, (height, width, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{number}.png")
    return f"images:{folder / 'photos'}"


def test_where_a_file_leaves_sizes_open_they_are_those_of_the_examples(tmp_path: Path, capsys: Captured) -> None:
    """Multiply-accumulates are told at them, and latency is measured at them, with no --input."""
    source = one_input(tmp_path / "net.onnx", "height", "width")
    code, out, err = pruned(capsys, source, "--data", photos(tmp_path, 10, 14), "--reconstruct")
    assert code == 0, err
    first = json.loads(out)["report"]["layers"][0]
    assert (first["layer"], first["macs_before"]) == ("first", 10 * 14 * 8 * 3 * 9)
    words = ["--ratio", "0.5", "--data", f"images:{tmp_path / 'photos'}", "--quiet"]
    code, out, _ = in_process(capsys, "prune", str(source), *words)
    assert code == 0
    assert out.rstrip().endswith(" --input image:Nx3x10x14:float32`"), "a command that can be run as it stands"


def test_sizes_are_those_of_what_may_vary_alone() -> None:
    image = np.zeros((5, 10, 14, 3), np.float32)
    taken = ModelInput("image", "float32", (None, 3, None, None))
    assert sizes_of(Path("net.onnx"), [taken], image) == ("image:Nx3x10x14:float32",)
    assert sizes_of(Path("net.onnx"), [taken], {"image": image.transpose(0, 3, 1, 2)}) == ("image:Nx3x10x14:float32",)
    assert sizes_of(Path("net.onnx"), [taken], None) == ()
    assert sizes_of(Path("net.onnx"), [replace(taken, shape=(None, 3, 10, 14))], image) == ()
    assert sizes_of(Path("net.onnx"), [replace(taken, dtype="int64")], image) == ()


def test_images_that_do_not_fit_open_sizes_are_one_line(tmp_path: Path, capsys: Captured) -> None:
    source = one_input(tmp_path / "net.onnx", 8, "width")
    code, out, err = pruned(capsys, source, "--data", photos(tmp_path, 10, 14), "--reconstruct")
    assert (code, out) == (2, "")
    assert "takes 3x8x? for each example, and the data has 10x14x3" in err
    assert len(err.strip().splitlines()) == 1


def test_what_is_not_known_yet_is_said_with_the_command_that_tells_it(tmp_path: Path, capsys: Captured) -> None:
    source, output = one_input(tmp_path / "net.onnx", 6, 6), tmp_path / "net-pruned.onnx"
    code, out, _ = in_process(capsys, "prune", str(source), "--ratio", "0.5", "--quiet")
    assert code == 0
    assert "not looked at: how much of the original's answers is kept; --data images:DIR tells" in out
    assert out.rstrip().endswith(f"`harness measure {source} {output}`")
    words = ["--ratio", "0.5", "--quiet", "--data", photos(tmp_path, 6, 6)]
    code, out, _ = in_process(capsys, "prune", str(source), *words)
    assert code == 0
    assert "not looked at" not in out
    assert "not tried: --reconstruct" in out
    assert "on 10 examples that nothing was solved from: top-1 (largest of the last axis) the same in " in out


def test_of_a_folder_of_images_without_classes_some_are_for_judging(tmp_path: Path, capsys: Captured) -> None:
    source = one_input(tmp_path / "net.onnx", 6, 6)
    code, out, err = pruned(capsys, source, "--data", photos(tmp_path, 6, 6), "--reconstruct")
    assert code == 0, err
    told = json.loads(out)
    assert told["reconstruction"]["images"] == 40
    assert told["agreement"]["examples"] == 10


def bytes_taken(path: Path) -> Path:
    """Pictures of whole numbers from 0 to 255."""
    net = Net()
    x = net.op("Relu", net.conv(net.op("Cast", "image", to=onnx.TensorProto.FLOAT), 1, 8, name="first"))
    rows = net.op("Flatten", net.op("GlobalAveragePool", x))
    return net.save(
        path, [net.dense(rows, 8, 4, name="head")], [tensor("image", ("N", 1, 6, 6), onnx.TensorProto.UINT8)]
    )


def test_pictures_are_not_rounded_down_to_nothing(tmp_path: Path, capsys: Captured) -> None:
    """From 0 to 1 they would be black, all of them."""
    pictures = np.random.default_rng(0).integers(0, 256, (40, 6, 6, 1), dtype=np.uint8)
    np.savez(tmp_path / "data.npz", images=pictures, labels=np.arange(40) % 4)
    source = bytes_taken(tmp_path / "net.onnx")
    words = ["--data", f"npz:{tmp_path / 'data.npz'}", "--reconstruct"]
    code, out, err = pruned(capsys, source, *words)
    assert (code, out) == (2, "")
    assert err == "harness: data: takes uint8, and the data's numbers are not whole; give --scale raw\n"
    code, _, err = pruned(capsys, source, *words, "--scale", "raw")
    assert (code, err) == (0, "")


@pytest.mark.parametrize("kind", ["state", "rate"])
def test_an_input_that_holds_no_example_after_the_other_takes_no_data(
    tmp_path: Path, capsys: Captured, kind: str
) -> None:
    shapes = {"state": (2, "batch", 8), "rate": ()}
    net = Net()
    x = net.op("Relu", net.dense("x", 8, 8, name="first"))
    other = net.op("ReduceMean", "other", net.integers(0), keepdims=0) if kind == "state" else "other"
    inputs = [tensor("x", ("batch", 8)), tensor("other", shapes[kind])]
    source = net.save(tmp_path / "net.onnx", [net.dense(net.op("Add", x, other), 8, 4, name="head")], inputs)
    arrays = {
        "x": np.zeros((40, 8), np.float32),
        "other": np.zeros([40 if size == "batch" else size for size in shapes[kind]]),
    }
    code, out, err = pruned(capsys, source, "--data", as_npz(tmp_path, arrays), "--reconstruct")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "does not hold one example after the other along its first axis" in err
    assert "leave --data out" in err
