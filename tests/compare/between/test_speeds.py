"""Two occasions, compared through a file that is there both times."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.base.errors import MeasureError
from harness.compare.between.occasions import Occasion, read_occasion
from harness.compare.between.speeds import Change, changes
from harness.measure.measurement import Measurement
from tests.measurements import measurement


def occasion(
    latencies_us: tuple[float, ...], names: tuple[str, ...] = ("base", "model"), **options: object
) -> Occasion:
    found = measurement(latencies_us, **options)  # type: ignore[arg-type]
    return Occasion(found, {name: index for index, name in enumerate(names)})


def changed(before: Occasion, after: Occasion) -> tuple[Change, ...]:
    return changes([before], [after])


def test_a_slower_machine_is_no_change() -> None:
    """Everything takes 40 % longer today, the baseline too."""
    (change,) = changed(occasion((100.0, 50.0)), occasion((140.0, 70.0)))
    assert change.verdict == "equivalent"
    assert change.speedup == pytest.approx(1, abs=0.02)


def test_a_model_that_got_slower_against_the_baseline_is_found() -> None:
    (change,) = changed(occasion((100.0, 50.0)), occasion((100.0, 60.0)))
    assert (change.name, change.batch, change.mode, change.verdict) == ("model", 1, "end_to_end", "slower")
    assert change.ci_low is not None
    assert change.ci_high is not None
    assert change.ci_low < 50 / 60 < change.ci_high


def test_noise_on_both_occasions_counts() -> None:
    """The interval is wider than either occasion's own."""
    one = occasion((100.0, 50.0), noise=0.02)
    (change,) = changed(one, one)
    own = one.measurement.compare(0, 1, 1)
    assert change.ci_high is not None
    assert own.ci_high is not None
    assert own.ci_low is not None
    assert change.ci_high - 1 > (own.ci_high - own.ci_low) / 2 / own.ci_high


@pytest.mark.parametrize("row", [0, 1])
def test_a_row_that_failed_on_one_occasion_is_invalid(row: int) -> None:
    """And not a speed-up of 1 that is not clear enough."""
    good, bad = occasion((100.0, 50.0)), occasion((100.0, 50.0))
    rows = list(bad.measurement.rows)
    rows[row] = rows[row].model_copy(update={"launches": (), "error": "hung"})
    bad = Occasion(bad.measurement.model_copy(update={"rows": tuple(rows)}), bad.names)
    for pair in ((good, bad), (bad, good)):
        (change,) = changed(*pair)
        assert (change.verdict, change.speedup, change.ci_low, change.p_adjusted) == ("invalid", None, None, None)


def test_different_conditions_are_refused_and_named() -> None:
    with pytest.raises(MeasureError, match="different conditions, so not comparable: threads: 1 against 2"):
        changed(occasion((100.0, 50.0)), occasion((100.0, 50.0), threads=2))


def test_without_a_common_batch_size_nothing_can_be_said() -> None:
    with pytest.raises(MeasureError, match="measured at batch sizes 1 against 32: none is in both"):
        changed(occasion((100.0, 50.0)), occasion((100.0, 50.0), batch_sizes=(32,)))


def test_without_a_common_file_nothing_can_be_said() -> None:
    one, other = occasion((100.0, 50.0)), measurement((100.0, 50.0))
    renamed = tuple(model.model_copy(update={"sha256": f"other{model.sha256}"}) for model in other.models)
    with pytest.raises(MeasureError, match="no file is in both measurements"):
        changed(one, Occasion(other.model_copy(update={"models": renamed}), one.names))


def test_without_a_common_name_nothing_can_be_said() -> None:
    assert changed(occasion((100.0, 50.0)), occasion((100.0, 50.0), names=("base", "another"))) == ()


def test_a_measurement_is_read_with_its_files_names(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    path.write_text(measurement().model_dump_json())
    found = read_occasion(path)
    assert found.names == {"model0": 0, "model1": 1}
    assert found.measurement == Measurement.model_validate_json(path.read_text())


@pytest.mark.parametrize("text", ["", "{}", '{"schema_version": "harness-measurement/0"}', "no json"])
def test_what_is_no_measurement_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "before.json"
    path.write_text(text)
    with pytest.raises(MeasureError, match="not a file from `harness measure --out` of this version") as refused:
        read_occasion(path)
    assert "\n" not in str(refused.value)
    with pytest.raises(MeasureError, match=r"can't be read \(No such file"):
        read_occasion(tmp_path / "nowhere.json")


def test_runs_of_several_measurements_are_compared_group_by_group() -> None:
    """In another order, and with one that the first run does not have: those that share a file belong together."""

    def group(name: str, latencies_us: tuple[float, float]) -> Occasion:
        found = measurement(latencies_us)
        models = tuple(model.model_copy(update={"sha256": f"{name}{model.sha256}"}) for model in found.models)
        return Occasion(found.model_copy(update={"models": models}), {f"{name} base": 0, f"{name} model": 1})

    before = [group("small", (100.0, 50.0)), group("large", (900.0, 300.0))]
    after = [group("new", (9.0, 3.0)), group("large", (900.0, 450.0)), group("small", (100.0, 50.0))]
    found = {change.name: change.verdict for change in changes(before, after)}
    assert found == {"large model": "slower", "small model": "equivalent"}
    with pytest.raises(MeasureError, match="no file is in both measurements"):
        changes(before, after[:1])


def of_a_run(latencies_us: tuple[float, ...], names: dict[str, int], graphs: tuple[str, ...], new: bool) -> Occasion:
    """A run's measurement; in a `new` one no file is that of the old."""
    found = measurement(latencies_us)
    models = tuple(one.model_copy(update={"sha256": f"{new}{one.sha256}"}) for one in found.models)
    titles = {name: name.replace(" seed=0", "").replace(" seed=1", "") for name in names}
    return Occasion(found.model_copy(update={"models": models}), names, titles, graphs)


def test_runs_meet_in_a_graph_where_they_share_no_file() -> None:
    """Both were trained anew: the original's graph is the reference, what keeps its graph can't have changed."""
    names = {"net seed=0 original": 0, "net seed=1 original": 0, "net seed=0 50 %": 1, "net seed=0 75 %": 2}
    before = of_a_run((100.0, 50.0, 20.0), names, ("original", "half", "quarter"), new=False)
    after = of_a_run((140.0, 70.0, 35.0), names, ("original", "half", "other"), new=True)
    found = changed(before, after)
    assert [(one.name, one.verdict) for one in found] == [("net 50 %", "same graph"), ("net 75 %", "slower")]
    assert found[0].p_adjusted is None
    assert found[1].speedup == pytest.approx(20 / 25, rel=0.02)


def test_a_variant_of_several_graphs_is_told_seed_by_seed() -> None:
    names = {"net seed=0 original": 0, "net seed=0 50 %": 1, "net seed=1 50 %": 2}
    before = of_a_run((100.0, 50.0, 40.0), names, ("original", "a", "b"), new=False)
    after = of_a_run((100.0, 50.0, 40.0), names, ("original", "c", "d"), new=True)
    assert [one.name for one in changed(before, after)] == ["net seed=0 50 %", "net seed=1 50 %"]
