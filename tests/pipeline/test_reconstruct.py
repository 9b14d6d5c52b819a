"""A study in which kernels are solved again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import harness
from harness.data import load
from harness.pipeline.networks import load_keras
from harness.pipeline.run import run_study
from harness.prune.recover.finetune import tune
from harness.spec import Study, checked
from tests.prune.nets import array

STUDY = {
    "name": "reconstructed",
    "data": {"limit": 400},
    "train": {"epochs": 2, "batch_size": 32},
    "measure": {"batch_sizes": [1], "budget_s": 1, "device": "cpu"},
    "networks": [
        {
            "model": "single_conv",
            "options": {"filters": 8},
            "prune": [
                {"ratio": 0.5},
                {"ratio": 0.5, "recover": "reconstruct", "reconstruct_images": 200},
                {"ratio": 0.5, "recover": "reconstruct", "finetune_epochs": 1, "finetune_schedule": "cosine"},
            ],
        }
    ],
}


def test_kernels_are_solved_before_fine_tuning_and_the_report_tells_them_apart(tmp_path: Path) -> None:
    run = run_study(checked(Study, STUDY, "study"), runs=tmp_path / "runs", store=tmp_path / "store")
    assert [row.error for row in run.results.rows] == [None] * 5
    *_, cut, solved, tuned = (row.pruning for row in run.results.rows)
    assert cut is not None
    assert solved is not None
    assert tuned is not None
    assert cut.reconstruction is None
    assert solved.reconstruction is not None
    assert (solved.reconstruction.images, solved.reconstruction.undone, solved.finetune) == (200, False, None)
    assert solved.reconstruction.after < solved.reconstruction.before
    assert tuned.finetune is not None
    report = run.written.markdown.read_text(encoding="utf-8")
    assert "reconstructed, 1 epoch tuned, cosine decay" in report
    assert "from 200 and 320 training images without their labels" in report
    assert "Fine-tuning then starts from there" in report
    (trained,) = (tmp_path / "store" / "train").glob("*/model.keras")
    case = run.results.rows[0].case
    data = load(case.data)
    again = harness.prune(
        load_keras(trained), case.prune[2], data=(data.train_images, data.train_labels), seed=case.seed
    )
    train = case.train.changed({"epochs": 1}, "fine-tuning")
    tune(again.model, data, train, recalibrated=False, schedule="cosine", seed=case.seed)
    made = [load_keras(path).get_weights() for path in (tmp_path / "store" / "prune").glob("*/model.keras")]
    alike = [
        all(np.allclose(one, array(other), atol=1e-6) for one, other in zip(each, again.model.weights, strict=True))
        for each in made
    ]
    assert sum(alike) == 1
