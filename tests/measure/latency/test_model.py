"""The latency model, on a world whose staircases are known."""

from __future__ import annotations

import numpy as np

from harness.measure.latency.designs import designs
from harness.measure.latency.model import LatencyModel
from harness.measure.latency.stations import shared_out
from harness.measure.latency.table import Kernel, LatencyTable
from tests.measure.latency.tables import FREE, FULL, stations, table, true_whole


def test_predicts_networks_that_were_not_measured() -> None:
    model = LatencyModel(table(), 1)
    others = designs(FULL, FREE, 60, seed=99)
    found = model.ratios(others)
    known = np.array([true_whole(widths) for widths in others]) / true_whole(FULL)
    errors = np.abs(found / known - 1)
    assert np.median(errors) < 0.05
    assert np.quantile(errors, 0.95) < 0.2


def test_sees_the_cliff_off_the_block() -> None:
    """45 channels cost more than 48: the next layer can't take its fast way."""
    model = LatencyModel(table(), 1)
    less, more = model.ratios([(32, 45, 64, 10), (32, 48, 64, 10)])
    assert true_whole((32, 45, 64, 10)) > true_whole((32, 48, 64, 10))
    assert less > more


def test_the_same_table_gives_the_same_predictions_also_when_it_was_stored() -> None:
    first = table()
    again = LatencyTable.model_validate_json(first.model_dump_json())
    widths = designs(FULL, FREE, 5, seed=3)
    assert LatencyModel(first, 1).ratios(widths).tolist() == LatencyModel(again, 1).ratios(widths).tolist()


def test_kernels_are_told_by_their_nodes_and_what_is_inserted_belongs_to_the_next() -> None:
    kernels = [
        Kernel("Reshape_1", "Reshape", 1.0),
        Kernel("Conv_1_nchwc", "Conv", 10.0),
        Kernel("ReorderOutput_token_3", "ReorderOutput", 2.0),
        Kernel("Conv_2", "FusedConv", 20.0),
        Kernel("fused MatMul_1/MatMulAddFusion", "FusedGemm", 5.0),
        Kernel("ReorderOutput", "ReorderOutput", 1.0),
    ]
    times, ways = shared_out(stations(), kernels)
    assert times == [1.0, 10.0, 22.0, 0.0, 6.0]
    assert ways == ["plain", "blocked", "plain", "", "plain"]


def test_designs_cover_every_groups_range_on_and_off_the_block() -> None:
    widths = np.array(designs(FULL, FREE, 40))
    for group in FREE:
        assert widths[:, group].min() <= 0.3 * FULL[group]
        assert widths[:, group].max() == FULL[group]
        assert (widths[:, group] % 16 == 0).sum() >= 8
        assert (widths[:, group] % 4 != 0).sum() >= 1
    assert set(widths[:, 3]) == {FULL[3]}
