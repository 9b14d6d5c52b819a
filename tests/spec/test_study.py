"""A study is read whole or refused in one line that names the field and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.base.errors import SpecError
from harness.spec import DataSpec, PruneSpec, Study, TrainSpec, checked, read_study, short

NETWORK = {"model": "single_conv"}


def study(**values: object) -> Study:
    return checked(Study, {"name": "x", "networks": [NETWORK], **values}, "study.toml")


def test_a_folder_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="is a folder; give the path of a TOML file in it"):
        read_study(tmp_path)


def test_the_grid_is_the_product_of_what_varies_and_of_the_seeds() -> None:
    network = {"model": "deepcaptcha", "vary": {"padding": ["same", "valid"], "filters": [[32, 48], [16, 24]]}}
    cases = study(networks=[network], seeds=[0, 1]).cases()
    assert len(cases) == 8
    assert cases[0].name == "deepcaptcha padding=same filters=32-48 seed=0"
    assert cases[-1].options == {"padding": "valid", "filters": [16, 24]}
    assert len({case.network for case in cases}) == 4


def test_two_files_of_one_name_are_to_be_renamed() -> None:
    with pytest.raises(SpecError, match="both called 'net seed=0'; rename one of the files"):
        study(networks=[{"model": "a/net.keras"}, {"model": "b/net.keras"}]).cases()


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


def test_every_list_of_a_pruning_is_an_axis_of_its_grid_but_keep() -> None:
    grid = {"filters": [1, 2], "importance": ["l1", "taylor"], "rows": "first", "keep": ["a", "b"]}
    (case,) = study(networks=[{"model": "single_conv", "prune": [grid]}]).cases()
    assert [spec.label for spec in case.prune] == [
        "1 filter, keep a b, first rows",
        "1 filter, taylor, keep a b, first rows",
        "2 filters, keep a b, first rows",
        "2 filters, taylor, keep a b, first rows",
    ]


def test_channels_can_be_named_one_table_for_each_pruning() -> None:
    grid = {"remove": [{"conv_1": [7]}, {"conv_1": [7, 9], "conv_2": [0]}], "finetune_epochs": [0, 1]}
    (case,) = study(networks=[{"model": "deepcaptcha", "prune": [grid]}]).cases()
    assert [spec.label for spec in case.prune] == [
        "conv_1 without 7",
        "conv_1 without 7, tuned 1",
        "conv_1 without 7 and 9, conv_2 without 0",
        "conv_1 without 7 and 9, conv_2 without 0, tuned 1",
    ]


def test_a_network_goes_on_to_onnx_unless_it_says_so() -> None:
    first, second = study(networks=[NETWORK, {"model": "colored", "deploy": False}]).cases()
    assert (first.deploy, second.deploy) == (True, False)


def test_epochs_take_the_place_of_steps_and_steps_that_of_epochs() -> None:
    """In a network of a study of the other; and what was stored of epochs keeps its key."""
    networks = [{"model": "m", "vary": {"train.epochs": [2]}}, {"model": "m", "vary": {"train.steps": [30]}}]
    asked = study(train={"steps": 20, "batch_size": 16}, networks=[{"model": "m"}, *networks])
    trainings = [case.train.model_dump() for case in asked.cases()]
    assert [("epochs" in each, each.get("steps")) for each in trainings] == [(False, 20), (True, None), (False, 30)]
    assert all(each["batch_size"] == 16 for each in trainings)
    plain = {"epochs": 5, "batch_size": 64, "optimizer": "adam", "learning_rate": 0.001}
    assert TrainSpec().model_dump() == plain
    for spec in (TrainSpec(), TrainSpec(steps=20)):
        assert TrainSpec.model_validate_json(spec.model_dump_json()) == spec
    assert study(networks=networks).cases()[1].train.steps == 30


def test_a_study_on_other_data_is_a_run_of_its_own() -> None:
    asked = study(data={"name": "mnist", "folder": "digits", "limit": 700})
    assert asked.on("fashion_mnist").name == "x-fashion_mnist"
    assert asked.on("fashion_mnist").data == DataSpec(name="fashion_mnist", limit=700)
    assert asked.on("images:My Faces/").name == "x-images-my-faces"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 3}, "'epochs' is unknown; known here: name,"),
        ({"train": {"epoch": 3}}, "'train.epoch' is unknown; known here: epochs, batch_size"),
        ({"networks": [{"model": "m", "prunes": []}]}, "'networks.0.prunes' is unknown; known here: model,"),
        ({"train": {"epochs": 0}}, "train.epochs = 0: input should be greater than or equal to 1"),
        ({"train": {"steps": 10, "epochs": 2}}, "give epochs or steps, not both"),
        ({"train": {"steps": 15}}, "steps = 15 ends between two records; give a multiple of 10"),
        ({"train": {"record_every": 5}}, "record_every is for a training in steps; give steps, or leave it out"),
        ({"data": {"color": True, "rgb": True}}, "color and rgb both make three channels of one"),
        ({"data": {"classes": 1}}, "data.classes = 1: input should be greater than or equal to 2"),
        ({"data": {"scale": "smae"}}, "data.scale = 'smae': input should be 'unit' or 'raw'"),
        ({"data": {"test_fraction": 1.0}}, "data.test_fraction = 1.0: input should be less than 1"),
        ({"measure": {"device": "tpu"}}, "measure.device = 'tpu': input should be 'auto', 'cpu' or 'cuda'"),
        ({"measure": {"batch_sizes": [1, 1]}}, "batch_sizes needs at least one value, each once"),
        ({"name": "Up/../down"}, "name = 'Up/../down'"),
        ({"seeds": []}, "seeds = []: give at least one"),
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
        ({"prune": [{"ratio": []}]}, "networks[0].prune[0]: ratio is empty; give at least one value"),
        ({"prune": [{"filters": 1, "remove": {"conv_1": [0]}}]}, "give exactly one of ratio, filters and remove"),
        ({"prune": [{"remove": {"conv_1": []}}]}, "remove.conv_1 = []: give at least one"),
        ({"prune": [{"remove": {"conv_1": [-1]}}]}, "remove.conv_1.0 = -1: input should be greater than or equal to 0"),
        ({"prune": [{"remove": {"conv_1": [0]}, "importance": "l2"}]}, "leave out importance and round_to"),
        ({"prune": [{"ratio": 0.5}, {"ratio": [0.25, 0.5]}]}, "networks[0].prune: 2 prunings are called '50 %'"),
        ({"data": {"label_noise": 1.0}}, "label_noise = 1.0: input should be less than 1"),
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
