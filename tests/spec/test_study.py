"""A study is a grid of networks: its cases, in the order of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.base.errors import SpecError
from harness.spec import DataSpec, read_study
from tests.spec.studies import NETWORK, study


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


def test_a_network_goes_on_to_onnx_unless_it_says_so() -> None:
    first, second = study(networks=[NETWORK, {"model": "colored", "deploy": False}]).cases()
    assert (first.deploy, second.deploy) == (True, False)


def test_a_study_on_other_data_is_a_run_of_its_own() -> None:
    asked = study(data={"name": "mnist", "folder": "digits", "limit": 700})
    assert asked.on("fashion_mnist").name == "x-fashion_mnist"
    assert asked.on("fashion_mnist").data == DataSpec(name="fashion_mnist", limit=700)
    assert asked.on("images:My Faces/").name == "x-images-my-faces"


@pytest.mark.parametrize("path", sorted(Path("bench/studies").glob("*.toml")), ids=lambda path: path.stem)
def test_every_study_in_the_repository_can_be_read(path: Path) -> None:
    assert read_study(path).cases()
