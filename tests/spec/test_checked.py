"""What is wrong with a study is one line that names the field and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.base.errors import SpecError
from harness.spec import PruneSpec, read_study
from tests.spec.studies import NETWORK, study


def test_a_folder_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="is a folder; give the path of a TOML file in it"):
        read_study(tmp_path)


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


def test_widths_by_latency_are_refused_where_a_study_measures_otherwise() -> None:
    network = NETWORK | {"prune": [{"speedup": 2}]}
    with pytest.raises(SpecError, match=r"'2x as fast' is chosen without measure\.optimization; leave that out"):
        study(networks=[network], measure={"optimization": "basic"}).cases()


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"prune": [{"ratio": 1.2}]}, "networks[0].prune[0]: ratio = 1.2: input should be less than 1"),
        ({"prune": [{"ratio": 0.5, "filters": 1}]}, "give exactly one of ratio, filters, remove, sp"),
        ({"prune": [{"ratio": []}]}, "networks[0].prune[0]: ratio is empty; give at least one value"),
        ({"prune": [{"filters": 1, "remove": {"conv_1": [0]}}]}, "give exactly one of ratio, filters, remove, sp"),
        ({"prune": [{"speedup": 2, "max_latency_us": 50}]}, "not speedup and max_latency_us"),
        ({"prune": [{"speedup": 1}]}, "speedup = 1: input should be greater than 1"),
        ({"prune": [{"max_latency_us": 0}]}, "max_latency_us = 0: input should be greater than 0"),
        ({"prune": [{"speedup": 2, "round_to": 8}]}, "speedup chooses widths by latency; leave out round_to"),
        ({"prune": [{"speedup": 2, "global_ranking": True}]}, "global_ranking needs a ratio; leave out speedup"),
        ({"prune": [{"speedup": 2}], "deploy": False}, "'2x as fast' is measured; leave out deploy = false"),
        ({"prune": [{"ratio": 0.5, "baseline": "scratch"}]}, "baseline = 'scratch' trains new weights; give finetune"),
        ({"prune": [{"filters": 1, "rows": "first", "baseline": "random"}]}, "leave out baseline"),
        ({"prune": [{"ratio": 0.5, "baseline": "uniform"}]}, "baseline = 'uniform' is as fast as widths by la"),
        ({"prune": [{"remove": {"conv_1": []}}]}, "remove.conv_1 = []: give at least one"),
        ({"prune": [{"remove": {"conv_1": [-1]}}]}, "remove.conv_1.0 = -1: input should be greater than or equal to 0"),
        ({"prune": [{"remove": {"conv_1": [0]}, "importance": "l2"}]}, "leave out importance and round_to"),
        ({"prune": [{"ratio": 0.5}, {"ratio": [0.25, 0.5]}]}, "networks[0].prune: 2 prunings are called '50 %'"),
        ({"data": {"label_noise": 1.0}}, "label_noise = 1.0: input should be less than 1"),
        ({"prune": [{}]}, "give exactly one of ratio, filters, remove, sp"),
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


def test_specs_never_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        PruneSpec(ratio=0.5).ratio = 0.6  # type: ignore[misc]
