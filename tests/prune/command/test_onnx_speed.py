"""`harness prune NET.onnx --speedup`: as for Keras models, without Keras. Nothing asserts a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

import harness
from harness.base.errors import SpecError, TooSlowError
from harness.measure.latency import profiling
from harness.prune.files import plan_path, read_plan, report_path
from harness.prune.speed import trial
from harness.records import PruneFile
from harness.spec import PruneSpec
from tests.cli.test_app import in_process
from tests.onnx_files import tensor
from tests.prune.command.running import Captured, measure_for
from tests.prune.onnx.graph.building import Net

pytestmark = pytest.mark.without_tensorflow


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Few networks, timed shortly, in a store of the test's own."""
    monkeypatch.setattr(profiling, "FEWEST_DESIGNS", 10)
    monkeypatch.setattr(profiling, "BUDGET_S", 0.5)
    measure_for(10, monkeypatch)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """Three convolutions and a Gemm, of which the second is most of the work."""
    made = Net()
    x = made.op("Relu", made.conv("image", 3, 16, name="first"))
    x = made.op("Relu", made.conv(x, 16, 48, name="second"))
    x = made.op("Relu", made.conv(x, 48, 32, name="third"))
    rows = made.op("Flatten", made.op("GlobalAveragePool", x))
    (tmp_path / "files").mkdir()
    return made.save(
        tmp_path / "files" / "net.onnx", [made.dense(rows, 32, 5, name="head")], [tensor("image", ("N", 3, 12, 12))]
    )


def asked(capsys: Captured, *arguments: object) -> tuple[int, str, str]:
    return in_process(capsys, *map(str, arguments), "--quiet")


def test_the_report_and_the_exit_code_agree_with_what_was_measured(net: Path, capsys: Captured) -> None:
    code, out, err = asked(capsys, "prune", net, "--speedup", 1.05, "--device", "cpu", "--json")
    if code == 1:
        assert "nothing is written" in err
        assert list(net.parent.iterdir()) == [net]
        return
    assert code == 0, err
    about = PruneFile.model_validate_json(report_path(net.with_name("net-pruned.onnx")).read_text())
    assert about.speed is not None
    assert about.spec is None
    (reached,) = about.speed.reached
    assert reached.verdict == "faster"
    assert reached.speedup >= 1.05 * (1 - trial.SHORT)
    assert json.loads(out)["speed"]["asked"]["speedup"] == 1.05


def test_the_file_has_the_widths_that_were_measured_is_proved_and_keeps_answers(
    net: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A try counts as it is, since a busy machine would not say 'faster'."""
    monkeypatch.setattr(trial, "_met", lambda asked, reached: True)
    measure_for(2, monkeypatch)
    np.savez(net.parent / "data.npz", images=np.random.default_rng(0).random((60, 12, 12, 3)), labels=np.arange(60) % 5)
    data = ["--data", f"npz:{net.parent / 'data.npz'}", "--reconstruct"]
    words = ["--speedup", 1.4, "--batch", "1,4", "--device", "cpu", *data, "--json"]
    code, out, err = asked(capsys, "prune", net, *words)
    assert code == 0, err
    told, pruned = json.loads(out), net.with_name("net-pruned.onnx")
    widths = told["speed"]["rounds"][told["speed"]["chosen"]]["widths"]
    kernels = {node.name: node.input[1] for node in onnx.load(pruned).graph.node if node.op_type == "Conv"}
    held = {one.name: list(one.dims) for one in onnx.load(pruned).graph.initializer}
    assert {name: held[kernel][0] for name, kernel in kernels.items()} == {name: widths[name] for name in kernels}
    assert min(widths["second"], widths["third"]) < 48
    assert [each["batch"] for each in told["speed"]["rounds"][0]["reached"]] == [1, 4]
    assert told["proof"]["trials"]["weights carried over"] == 0
    assert told["speed"]["asked"]["importance"] == "reconstruction"
    assert told["reconstruction"]["images"]
    assert told["agreement"]["examples"]
    assert read_plan(plan_path(pruned)).kept["second"]
    code, out, _ = in_process(capsys, "verify", str(net), str(pruned), "--architecture")
    assert code == 0, out


def test_what_no_width_can_reach_is_refused_with_the_fastest_and_not_written(net: Path, capsys: Captured) -> None:
    code, out, err = asked(capsys, "prune", net, "--speedup", 1000, "--device", "cpu")
    assert code == 1
    assert out == ""
    assert "1000x as fast is not reachable" in err
    assert "the fastest would be" in err
    assert "first " in err
    assert len(err.strip().splitlines()) == 1
    assert list(net.parent.iterdir()) == [net]


def test_a_latency_is_a_target_too(net: Path, capsys: Captured) -> None:
    code, _, err = asked(capsys, "prune", net, "--max-latency-us", 0.001, "--device", "cpu")
    assert code == 1
    assert "0.001 us at most is not reachable" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--speedup", 2, "--ratio", 0.5], "--speedup says how much goes; leave out --ratio"),
        (["--speedup", 2, "--plan", "a.json"], "leave out --plan"),
        (["--speedup", 2, "--device", "tpu"], "device = 'tpu'"),
        (["--ratio", 0.5, "--threads", 2], "is for --speedup and --max-latency-us"),
        (["--speedup", 2, "--reconstruct"], "reconstruction: needs examples"),
        (["--speedup", 2, "--importance", "taylor"], "needs gradients"),
        (["--speedup", 2, "--finetune-epochs", 1], "--finetune-epochs: for Keras models alone"),
        (["--speedup", 2, "--input", "x:Nx3x12x12:float32"], "there is no such input; the model has image"),
    ],
)
def test_bad_input_is_one_line(net: Path, capsys: Captured, options: list[object], said: str) -> None:
    code, out, err = asked(capsys, "prune", net, *options)
    assert code == 2
    assert said in err
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert list(net.parent.iterdir()) == [net]


def of_any_size(path: Path) -> Path:
    net = Net()
    x = net.op("Relu", net.conv("image", 3, 8, name="first"))
    return net.save(path, [net.conv(x, 8, 2, name="last")], [tensor("image", ("N", 3, "h", "w"))])


def test_sizes_that_vary_must_be_said_and_are_kept_with_the_table(net: Path, capsys: Captured, tmp_path: Path) -> None:
    source = of_any_size(net.parent / "any.onnx")
    code, _, err = asked(capsys, "prune", source, "--speedup", 1000, "--device", "cpu")
    assert code == 2
    assert "so its latency can't be measured; say what it takes: --input image:Nx3x224x224:float32" in err
    code, _, err = asked(
        capsys, "prune", source, "--speedup", 1000, "--device", "cpu", "--input", "image:Nx3x8x8:float32"
    )
    assert code == 1
    assert "not reachable" in err
    (table,) = (tmp_path / ".harness" / "latency").glob("*/table.json")
    assert json.loads(table.read_text())["conditions"]["inputs"] == ["image:Nx3x8x8:float32"]


def test_in_python_a_table_is_made_once_whatever_the_weights(
    net: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(2):
        model = onnx.load(net)
        for one in model.graph.initializer:
            values = np.random.default_rng(seed).normal(size=tuple(one.dims)).astype(np.float32)
            one.CopyFrom(onnx.numpy_helper.from_array(values, one.name))
        onnx.save(model, net)
        with pytest.raises(TooSlowError, match="not reachable by fewer channels"):
            harness.prune(net, speedup=1000.0, device="cpu", store=tmp_path / "tables")
        monkeypatch.setattr(profiling.Profiler, "time", None)  # would fail if it were asked for


def test_in_python_a_speed_goes_with_kernels_solved_again(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With options of both kinds, ranked by what the kernels miss; a try counts as it is."""
    monkeypatch.setattr(trial, "_met", lambda asked, reached: True)
    measure_for(2, monkeypatch)
    images = np.random.default_rng(0).random((60, 12, 12, 3))
    asked = {"speedup": 1.4, "batch_sizes": (1, 4), "device": "cpu", "recover": "reconstruct"}
    result = harness.prune(net, **asked, reconstruct_images=50, data=images)
    assert result.speed is not None
    assert result.speed.asked.batch_sizes == (1, 4)
    assert result.speed.asked.importance == "reconstruction"
    assert result.reconstruction is not None
    assert result.reconstruction.images <= 50
    with pytest.raises(SpecError, match="recover = 'guess'"):
        harness.prune(net, speedup=1.4, recover="guess", data=images)


def test_in_python_a_speed_and_another_amount_or_training_are_refused(net: Path) -> None:
    with pytest.raises(SpecError, match="speedup says how much goes; leave out ratio"):
        harness.prune(net, speedup=2.0, ratio=0.5)
    with pytest.raises(SpecError, match="can't be trained"):
        harness.prune(net, PruneSpec(speedup=2.0, finetune_epochs=1))


@pytest.mark.without_tensorflow(processes=True)
def test_neither_keras_nor_tensorflow_is_imported(net: Path) -> None:
    code = (
        "import sys, harness\nfrom harness.base.errors import TooSlowError\n"
        "from harness.measure.latency import profiling\nprofiling.FEWEST_DESIGNS, profiling.BUDGET_S = 5, 0.1\n"
        f"try:\n    harness.prune({str(net)!r}, speedup=1000.0, device='cpu')\nexcept TooSlowError:\n"
        "    print(sorted({'keras', 'tensorflow', 'jax'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=200)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(("words", "said"), [(["--batch", "1"], "takes 2 at once and no other number"), ([], None)])
def test_a_file_of_one_batch_size_is_for_that(
    tmp_path: Path, capsys: Captured, words: list[str], said: str | None
) -> None:
    made = Net()
    x = made.op("Relu", made.conv(made.op("Relu", made.conv("image", 3, 32)), 32, 32))
    rows = made.op("Flatten", made.op("GlobalAveragePool", x))
    inputs = [tensor("image", (2, 3, 12, 12))]
    made.save(tmp_path / "net.onnx", [made.dense(rows, 32, 5)], inputs)
    code, out, err = asked(capsys, "prune", "net.onnx", "--max-latency-us", 1e6, *words, "--json")
    if said is not None:
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert said in err
    else:
        assert json.loads(out)["speed"]["asked"]["batch_sizes"] == [2]
