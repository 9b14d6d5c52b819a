"""A small study in worlds where the truth is known."""

from __future__ import annotations

from harness.spec import Case, PruneSpec, Study
from tests.synthetic import World, accuracy_of

STUDY = Study.model_validate(
    {
        "name": "small",
        "seeds": [0, 1],
        "networks": [
            {
                "model": "deepcaptcha",
                "vary": {"padding": ["same", "valid"]},
                "options": {"filters": [32, 48, 64]},
                "prune": [{"ratio": [0.25, 0.5]}],
            },
            {"model": "single_conv", "prune": [{"filters": 1, "rows": "first"}, {"filters": 1}]},
        ],
    }
)


SAME, CONV = "deepcaptcha padding=same", "single_conv"


def unlearned(seeds: set[int]) -> World:
    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        return 0.11 if case.seed in seeds and case.model == "deepcaptcha" else accuracy_of(case, prune)

    return World(accuracy=accuracy)
