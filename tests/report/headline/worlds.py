"""A network that was pruned twice, and how good and fast both are."""

from __future__ import annotations

from harness.compare.results import Results
from harness.spec import Case, PruneSpec, Study
from tests.synthetic import World, results_of

HALF = {"ratio": 0.5, "finetune_epochs": 1}


def pruned(half: float, *more: dict[str, object], whole: float = 0.99, longer: float = 0.0) -> Results:
    """An original of 100 µs; a quarter off: as accurate, 50 µs; a half off, and what more there is: `half`, 29 µs."""

    def accuracy(case: Case, prune: PruneSpec | None) -> float:
        return half if prune is not None and prune.ratio != 0.25 else whole

    def latency(case: Case, prune: PruneSpec | None, batch: int) -> float:
        return 100.0 if prune is None else 50.0 if prune.ratio == 0.25 else 29.0

    network = {"model": "deepcaptcha", "prune": [{"ratio": 0.25, "finetune_epochs": 1}, HALF, *more]}
    study = Study.model_validate({"name": "why", "seeds": [0, 1], "networks": [network]})
    return results_of(study, World(accuracy=accuracy, latency_us=latency, longer=longer))
