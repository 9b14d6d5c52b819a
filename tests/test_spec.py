"""A study is read whole or refused in one line that names the field and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.errors import SpecError
from harness.spec import DataSpec, PruneSpec, Study, checked, read_study, short

NETWORK = {"model": "single_conv"}


def study(**values: object) -> Study:
    return checked(Study, {"name": "x", "networks": [NETWORK], **values}, "study.toml")


def test_the_grid_is_the_product_of_what_varies_and_of_the_seeds() -> None:
    network = {"model": "deepcaptcha", "vary": {"padding": ["same", "valid"], "filters": [[32, 48], [16, 24]]}}
    cases = study(networks=[network], seeds=[0, 1]).cases()
    assert len(cases) == 8
    assert cases[0].name == "deepcaptcha padding=same filters=32-48 seed=0"
    assert cases[-1].options == {"padding": "valid", "filters": [16, 24]}
    assert len({case.network for case in cases}) == 4


def test_data_and_training_can_vary_too() -> None:
    network = {"model": "colored", "vary": {"data.color": [True, False], "train.learning_rate": [0.01]}}
    first, second = study(networks=[network], data={"scale": "raw"}).cases()
    assert first.data == DataSpec(color=True, scale="raw")
    assert second.data == DataSpec(color=False, scale="raw")
    assert first.train.learning_rate == 0.01
    assert first.options == {}


def test_a_list_of_ratios_is_a_prune_for_each() -> None:
    network = {"model": "single_conv", "prune": [{"ratio": [0.25, 0.5], "finetune_epochs": 1}, {"filters": 1}]}
    (case,) = study(networks=[network]).cases()
    assert [spec.label for spec in case.prune] == ["25 %, tuned 1", "50 %, tuned 1", "1 filter"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 3}, "'epochs' is unknown; known here: name,"),
        ({"train": {"epoch": 3}}, "'train.epoch' is unknown; known here: epochs, batch_size"),
        ({"networks": [{"model": "m", "prunes": []}]}, "'networks.0.prunes' is unknown; known here: model,"),
        ({"train": {"epochs": 0}}, "train.epochs = 0: input should be greater than or equal to 1"),
        ({"data": {"scale": "smae"}}, "data.scale = 'smae': input should be 'unit' or 'raw'"),
        ({"data": {"test_fraction": 1.0}}, "data.test_fraction = 1.0: input should be less than 1"),
        ({"measure": {"device": "tpu"}}, "measure.device = 'tpu': input should be 'auto', 'cpu' or 'cuda'"),
        ({"measure": {"batch_sizes": [1, 1]}}, "batch_sizes needs at least one value, each once"),
        ({"name": "Up/../down"}, "name = 'Up/../down'"),
        ({"seeds": []}, "seeds = []"),
        ({"networks": []}, "networks = []"),
    ],
)
def test_a_wrong_study_is_one_line_naming_the_field(values: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        study(**values)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"prune": [{"ratio": 1.2}]}, "networks[0].prune[0]: ratio = 1.2: input should be less than 1"),
        ({"prune": [{"ratio": 0.5, "filters": 1}]}, "give exactly one of ratio, filters and remove"),
        ({"prune": [{}]}, "give exactly one of ratio, filters and remove"),
        ({"prune": [{"ratio": 0.5, "importence": "l1"}]}, "'importence' is unknown; known here: ratio"),
        ({"vary": {"padding": []}}, "vary.padding is empty; give at least one value"),
        ({"vary": {"prune.ratio": [0.5]}}, "'prune.ratio' is unknown; use an option, data.KEY or train.KEY"),
        ({"vary": {"data.scal": ["raw"]}}, "networks[0].data: 'scal' is unknown"),
        ({"vary": {"padding": ["same", "same"]}}, "two cases are both called"),
    ],
)
def test_a_wrong_network_is_one_line_naming_the_field(network: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        study(networks=[NETWORK | network]).cases()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_specs_never_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        PruneSpec(ratio=0.5).ratio = 0.6  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "no such study; give the path of a TOML file"), (b"name = ", "not valid TOML"), (b"\xff", "as text")],
)
def test_a_file_that_is_no_study_is_one_line(tmp_path: Path, text: bytes | None, message: str) -> None:
    path = tmp_path / "study.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(SpecError, match=message):
        read_study(path)


@pytest.mark.parametrize("path", sorted(Path("bench/studies").glob("*.toml")), ids=lambda path: path.stem)
def test_every_study_in_the_repository_can_be_read(path: Path) -> None:
    assert read_study(path).cases()


def test_factors_have_short_names() -> None:
    assert [short(value) for value in ([32, 48], 0.01, "same", True)] == ["32-48", "0.01", "same", "True"]
