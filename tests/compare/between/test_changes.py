"""Two runs, or measurements, from their files: what is compared, what is refused, and what counts as worse."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.base.errors import HarnessError
from harness.compare.between import Changes, changes_between
from harness.compare.results import Results
from harness.pipeline.saving import save
from harness.spec import Case, PruneSpec, Study
from tests.compare.worlds import CONV, SAME, STUDY
from tests.measurements import measurement
from tests.synthetic import World, latency_us, results_of


def slower(case: Case, prune: PruneSpec | None, batch: int) -> float:
    """The half is a fifth slower than it was."""
    return latency_us(case, prune, batch) * (1.2 if prune is not None and prune.ratio == 0.5 else 1.0)


def kept(folder: Path, name: str, results: Results) -> Path:
    (folder / name).mkdir()
    save(results, folder / name / "results.json")
    return folder / name


def compared(folder: Path, before: Results, after: Results, only: str | None = None) -> Changes:
    return changes_between(kept(folder, "a", before), kept(folder, "b", after), only)  # type: ignore[arg-type]


def other_graphs(results: Results) -> Results:
    """The same, with the pruned networks cut in another way: other files, other graphs."""
    text = results.model_dump_json()
    for row in results.rows:
        if row.prune is not None and row.export is not None:
            for digest in (row.export.sha256, row.export.architecture):
                text = text.replace(digest, f"new{digest[3:]}")
    return Results.model_validate_json(text)


def test_the_same_run_twice_is_no_change(tmp_path: Path, results: Results) -> None:
    found = compared(tmp_path, results, results)
    assert {one.verdict for one in found.speed} == {"same graph"}
    assert {one.verdict for one in found.accuracy} == {"inconclusive"}
    assert found.regressions == ()


def test_what_got_slower_is_found_among_new_graphs(tmp_path: Path, results: Results) -> None:
    found = compared(tmp_path, results, other_graphs(results_of(STUDY, World(latency_us=slower))))
    worse = {(one.name, one.batch) for one in found.speed if one.verdict == "slower"}
    assert worse == {(one.name, one.batch) for one in found.speed if one.name.endswith("50 %")}
    assert worse
    assert f"{SAME}, 50 %, batch 1: slower" in found.regressions


def test_a_row_that_fails_now_is_a_regression_and_one_that_failed_before_is_none(
    tmp_path: Path, results: Results
) -> None:
    broken = results_of(STUDY, World(failures={f"{CONV} seed=1 original": "out of memory"}))
    found = compared(tmp_path, results, broken, only="accuracy")
    assert found.regressions == (f"{CONV} seed=1 original: failed (out of memory)",)
    assert changes_between(tmp_path / "b", tmp_path / "a", "accuracy").regressions == ()


def test_what_is_in_one_run_alone_is_named(tmp_path: Path, results: Results) -> None:
    smaller = Study.model_validate({"name": "small", "seeds": [0, 1], "networks": [{"model": "single_conv"}]})
    found = compared(tmp_path, results, results_of(smaller))
    assert f"{SAME}, 50 %" in found.only_before
    assert found.only_after == ()
    assert [one.name for one in found.accuracy] == [f"{CONV}, original"]


def with_cpu(results: Results, cpu: str) -> Results:
    """The same, measured on another machine."""
    measurements = tuple(
        one.model_copy(update={"environment": {**one.environment, "cpu": cpu}}) for one in results.measurements
    )
    return results.model_copy(update={"measurements": measurements})


def test_other_conditions_are_named_and_accuracy_alone_does_not_need_them(tmp_path: Path, results: Results) -> None:
    other = with_cpu(results, "another CPU")
    with pytest.raises(HarnessError, match=r"not comparable: cpu: .* against another CPU; --only accuracy compares"):
        compared(tmp_path, results, other)
    found = changes_between(tmp_path / "a", tmp_path / "b", "accuracy")
    assert (found.speed, len(found.accuracy)) == ((), 9)


def of_examples(results: Results, digest: str) -> Results:
    rows = tuple(row.model_copy(update={"examples": digest}) for row in results.rows)
    return results.model_copy(update={"rows": rows})


def impossible(kind: str, results: Results) -> tuple[Results, Results]:
    """Two runs that can't be compared."""
    if kind == "data":
        return of_examples(results, "ours"), of_examples(results, "others")
    if kind == "networks":
        deep = Study.model_validate({"name": "deep", "networks": [{"model": "deepcaptcha"}]})
        return results_of(deep), results_of(STUDY)
    unmeasured = results_of(STUDY, World(measured=False))
    if kind == "one measured":
        return results, unmeasured
    rows = tuple(row.model_copy(update={"accuracy": None}) for row in unmeasured.rows)
    nothing = unmeasured.model_copy(update={"rows": rows})
    return nothing, nothing


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("data", "what it holds has changed; --only speed compares what does not depend on that"),
        ("networks", "have no network and pruning in common; compare runs of the same study"),
        ("one measured", "speeds were measured in one of the runs alone; measure both; --only accuracy"),
        ("nothing", "nothing was measured or judged in both; run the study again"),
    ],
)
def test_what_can_not_be_compared_is_one_line(tmp_path: Path, results: Results, kind: str, message: str) -> None:
    before, after = impossible(kind, results)
    with pytest.raises(HarnessError) as refused:
        compared(tmp_path, before, after)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_has_no_accuracy_and_a_folder_without_results_is_none(tmp_path: Path, results: Results) -> None:
    (tmp_path / "m.json").write_text(measurement().model_dump_json())
    with pytest.raises(HarnessError, match="no such results; give the folder that `harness run` wrote"):
        changes_between(tmp_path, tmp_path)
    with pytest.raises(HarnessError, match="--only accuracy: a measurement has none; give two folders of runs"):
        changes_between(tmp_path / "m.json", kept(tmp_path, "a", results), "accuracy")


def test_measurements_without_a_common_name_are_refused(tmp_path: Path) -> None:
    for name, models in (("a.json", "old"), ("b.json", "new")):
        found = measurement()
        renamed = [found.models[0], found.models[1].model_copy(update={"path": f"{models}.onnx"})]
        (tmp_path / name).write_text(found.model_copy(update={"models": tuple(renamed)}).model_dump_json())
    with pytest.raises(HarnessError, match="no model has the same name"):
        changes_between(tmp_path / "a.json", tmp_path / "b.json")
