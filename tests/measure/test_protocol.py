"""The paired protocol on real workers. No test asserts a time, nor a verdict that noise could turn."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import harness
from harness.base.errors import DeviceError, MeasureError, SpecError
from harness.measure.advice import advice
from harness.measure.measurement import Measurement
from harness.measure.protocol import measure
from harness.measure.runtime.usable import usable_device
from harness.spec import MeasureSpec, checked
from tests.onnx_files import cnn, runs_forever, save, tensor, too_large_for_memory

BRIEF = MeasureSpec(device="cpu", batch_sizes=(1,), budget_s=0.1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A network, one with thirty times the filters, and a copy of the first under another name."""
    folder = tmp_path_factory.mktemp("models")
    return [cnn(folder / "small.onnx", 4), cnn(folder / "large.onnx", 120), cnn(folder / "again.onnx", 4)]


@pytest.fixture(scope="module")
def measured(files: list[Path]) -> Measurement:
    """All three, at two batch sizes and in two modes; two launches or more, to a precision that no machine reaches."""
    spec = MeasureSpec(device="cpu", batch_sizes=(1, 2), modes=("end_to_end", "device"), precision=1e-6, budget_s=6)
    return measure(files, spec)


def test_every_row_has_raw_samples_of_every_launch(measured: Measurement) -> None:
    assert {(row.model, row.batch, row.mode) for row in measured.rows} == {
        (model, batch, mode) for model in range(3) for batch in (1, 2) for mode in ("end_to_end", "device")
    }
    assert measured.launches >= 1
    for row in (*measured.rows, *measured.control):
        assert row.error is None
        assert [launch.number for launch in row.launches] == [process.number for process in measured.processes]
        assert all(call > 0 for launch in row.launches for call in launch.calls_ns)


def test_rounds_are_shared_by_all_rows_of_a_launch(measured: Measurement) -> None:
    """Which is what pairs them."""
    for launches in zip(*(row.launches for row in (*measured.rows, *measured.control)), strict=True):
        assert len({len(launch.blocks_ns) for launch in launches}) == 1


def test_the_network_with_thirty_times_the_work_is_slower(measured: Measurement) -> None:
    """Far beyond any noise; the verdict also needs enough launches, which a busy machine may not allow."""
    found = measured.compare(0, 1, 2)
    assert found.speedup is not None
    assert found.speedup < 0.7
    assert found.verdict in ("slower", "inconclusive")


def test_models_carry_their_facts(measured: Measurement, files: list[Path]) -> None:
    small, large, again = measured.models
    assert [model.path for model in measured.models] == [str(path) for path in files]
    assert small.sha256 == again.sha256 != large.sha256
    assert (small.parameters, small.macs) == (4 * 9 + 4 * 64 * 10, 64 * 4 * 9 + 4 * 64 * 10)
    assert len(small.session_ns) == measured.launches
    assert small.device == "cpu"
    assert small.placement is not None
    assert small.placement.assigned[0] == ("CPUExecutionProvider", "conv", "Conv")


def test_memory_grows_with_the_batch_and_includes_the_runtime(measured: Measurement) -> None:
    if measured.models[1].runtime_bytes is None:
        pytest.skip("peak memory is read from Linux's /proc")
    first, second = (measured.row(1, batch).peak_bytes for batch in (1, 2))
    assert first is not None
    assert second is not None
    assert measured.models[1].runtime_bytes < first <= second


def test_the_environment_and_the_inputs_are_recorded(measured: Measurement) -> None:
    assert measured.environment["versions"]["numpy"] == np.__version__
    assert measured.spec.batch_sizes == (1, 2)
    (fed,) = measured.inputs
    assert (fed.shape, fed.dtype, fed.batched, fed.invented) == ((1, 8, 8), "float32", True, True)


def test_a_spent_budget_is_said_to_be_spent(measured: Measurement) -> None:
    assert measured.stopped == "budget"


def test_it_stops_when_the_interval_is_narrow_enough(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """±90 % is reached by the fewest launches that are allowed, here each with the fewest rounds."""
    monkeypatch.setattr(sys.modules["harness.measure.protocol"], "MEASURING_SHARE", 0.0)
    spec = MeasureSpec(device="cpu", batch_sizes=(1,), precision=0.9, budget_s=90)
    found = measure(files[:2], spec)
    assert (found.stopped, found.launches) == ("precision", 10)


def test_one_model_alone_is_measured_against_its_copy(files: list[Path]) -> None:
    found = measure(files[:1], BRIEF)
    assert found.compare_all() == ()
    assert len(found.compare_control()) == 1


def test_pairs_decide_the_baseline_that_is_copied(files: list[Path]) -> None:
    found = measure(files, BRIEF, pairs=[(1, 2)])
    assert found.control_of == 1
    assert [(each.baseline, each.candidate) for each in found.compare_all([(1, 2)])] == [(1, 2)]
    with pytest.raises(MeasureError, match=r"pair \(0, 7\) names a model that is not there; there are 3"):
        measure(files, BRIEF, pairs=[(0, 7)])


def test_given_examples_are_what_is_fed(files: list[Path]) -> None:
    found = measure(files[:1], BRIEF, inputs={"image": np.zeros((3, 1, 8, 8), np.float32)})
    assert not found.inputs[0].invented
    with pytest.raises(MeasureError, match="no array was given for input image"):
        measure(files[:1], BRIEF, inputs={"picture": np.zeros((3, 1, 8, 8), np.float32)})


def test_several_threads_share_one_pool(files: list[Path]) -> None:
    """Each session's own threads would spin on after its block, and take the cores from the next."""
    found = measure(files[:2], BRIEF.model_copy(update={"threads": 2}))
    assert all(row.error is None for row in found.rows)
    assert found.processes[0].cpu_share is None


def test_a_hanging_model_makes_its_row_invalid_and_the_rest_stands(files: list[Path], tmp_path: Path) -> None:
    forever = runs_forever(tmp_path / "forever.onnx")
    for patience_s in (3.0, 30.0):  # a busy machine may not even have started the worker in the first of these
        found = measure([files[0], forever], BRIEF.model_copy(update={"timeout_s": patience_s}))
        good, bad = found.rows
        if good.error is None:
            break
    assert good.error is None
    assert good.launches
    assert bad.error == f"the worker hung: nothing for {patience_s:g} s at its first run, batch 1"
    assert found.compare(0, 1, 1).verdict == "invalid"


def test_a_batch_too_large_for_the_memory_is_invalid_and_not_made_smaller(tmp_path: Path) -> None:
    """4 TB at batch 32: that row says so, and batch 1 is measured."""
    path = too_large_for_memory(tmp_path / "large.onnx")
    found = measure([path], BRIEF.model_copy(update={"batch_sizes": (1, 32)}))
    small, large = found.rows
    assert small.error is None
    assert small.batch == 1
    assert large.error is not None
    assert "allocate" in large.error
    assert large.lost
    assert large.launches == ()


def test_what_a_file_holds_is_noted(tmp_path: Path) -> None:
    """float16 that this device has no kernels for, denormal numbers, and work that can't be counted."""
    half, tiny = onnx.load(cnn(tmp_path / "half.onnx")), onnx.load(cnn(tmp_path / "tiny.onnx"))
    for one in half.graph.initializer:
        one.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one).astype(np.float16), one.name))
    for value in (*half.graph.input, *half.graph.output):
        value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    kernel = tiny.graph.initializer[0]
    kernel.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(kernel) * np.float32(1e-40), kernel.name))
    lines = {}
    for name, model in {"half": half, "tiny": tiny}.items():
        onnx.save(model, tmp_path / f"{name}.onnx")
        found = measure([tmp_path / f"{name}.onnx"], BRIEF)
        lines[name] = " ".join(advice(found, ()))
    assert "float16 is computed in float32 on this device, with " in lines["half"]
    assert "denormal numbers" not in lines["half"]
    assert "denormal numbers, below 1.2e-38, among its weights (72, in 'kernel')" in lines["tiny"]
    assert "float16" not in lines["tiny"]


def test_models_whose_inputs_differ_are_refused(files: list[Path], tmp_path: Path) -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    other = save(tmp_path / "other.onnx", [node], [tensor("x", ["N", 3])], [tensor("y", ["N", 3])])
    with pytest.raises(MeasureError, match=r"its inputs \(x:\?x3:float32\) differ from those of .*small.onnx"):
        measure([files[0], other], BRIEF)


def test_an_opset_that_the_runtime_does_not_know_is_refused(files: list[Path], tmp_path: Path) -> None:
    model = onnx.load(files[0])
    model.opset_import[0].version = 999
    path = tmp_path / "future.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(MeasureError, match=r"future.onnx: onnxruntime can't load it: .*[Oo]pset 999") as refused:
        measure([path], BRIEF)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"budget_s": 0}, "budget_s = 0: input should be greater than 0"),
        ({"budget_s": -5}, "budget_s = -5: input should be greater than 0"),
        ({"batch_sizes": []}, "batch_sizes needs at least one value, each once"),
        ({"modes": ["end_to_end", "end_to_end"]}, "modes needs at least one value, each once"),
        ({"threads": 0}, "threads = 0: input should be greater than or equal to 1"),
        ({"margin": 2}, "margin = 2: input should be less than 1"),
    ],
)
def test_a_spec_that_can_not_be_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        checked(MeasureSpec, values, "measure")


def test_no_model_at_all_is_refused() -> None:
    with pytest.raises(MeasureError, match="give at least one ONNX file"):
        measure([], BRIEF)


def test_a_cuda_graph_without_cuda_is_refused(files: list[Path]) -> None:
    with pytest.raises(DeviceError, match="mode cuda_graph needs CUDA, and device is cpu"):
        measure(files[:1], BRIEF.model_copy(update={"modes": ("cuda_graph",)}))


def test_a_mode_that_the_device_can_not_do_is_refused_before_anything_is_timed(files: list[Path]) -> None:
    """Where onnxruntime lists CUDA and it does not run, as everywhere without a GPU."""
    if usable_device("auto") != "cpu":
        pytest.skip("CUDA runs here")
    with pytest.raises(DeviceError, match="mode cuda_graph needs CUDA, and CUDA does not run here"):
        measure(files[:1], MeasureSpec(modes=("end_to_end", "cuda_graph")))
    with pytest.raises(DeviceError, match="CUDA"):
        measure(files[:1], MeasureSpec(device="cuda", modes=("device",)))


def test_progress_is_told(files: list[Path]) -> None:
    notes: list[str] = []

    class Recorder:
        @contextmanager
        def task(self, name: str, total: float | None = None) -> Iterator[Recorder]:
            notes.append(name)
            yield self

        def advance(self, steps: float = 1, note: str = "") -> None:
            notes.append(note)

    measure(files[:1], BRIEF, progress=Recorder())
    assert notes[0] == "measure"
    assert len(notes) > 1


def test_the_module_can_be_called_as_a_function(files: list[Path]) -> None:
    assert harness.measure(files[:1], BRIEF).models[0].path == str(files[0])
