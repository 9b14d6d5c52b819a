"""What each variant answers, beside what the test examples really are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.compare.answers import Answers, ClassAccuracy
from harness.compare.results import Results
from harness.records import Accuracy, ExampleSet, Row


@dataclass(frozen=True)
class Labelled:
    """The rows of each variant's counted seeds, by its key, and the sets of examples, by their digest.

    `classes` keeps what was found of a variant's classes.
    """

    rows: Mapping[str, Sequence[Row]]
    sets: Mapping[str, ExampleSet]
    classes: dict[str, tuple[ClassAccuracy, ...]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, results: Results, answers: Answers) -> Labelled:
        """Those of a run."""
        variants = {(variant.network, variant.label): variant for variant in answers.variants}
        rows: dict[str, list[Row]] = {}
        for row in results.rows:
            variant = variants[row.case.network, row.variant]
            if row.accuracy is not None and row.case.seed in variant.counted:
                rows.setdefault(variant.key, []).append(row)
        return cls(rows, results.example_sets)

    def accuracies(self, key: str) -> dict[int, Accuracy]:
        """What a variant answers with each seed that counts."""
        return {row.case.seed: row.accuracy for row in self.rows.get(key, ()) if row.accuracy is not None}

    def digest(self, key: str) -> str | None:
        """Which examples a variant was judged on; None where it was not, or where their labels were not recorded."""
        digest = next((row.examples for row in self.rows.get(key, ())), None)
        found = None if digest is None else self.sets.get(digest)
        if found is None or any(each.examples != len(found.numbers) for each in self.accuracies(key).values()):
            return None
        return digest

    def examples(self, key: str) -> ExampleSet | None:
        """Those examples."""
        digest = self.digest(key)
        return None if digest is None else self.sets[digest]

    def same(self, key: str, other: str) -> ExampleSet | None:
        """The examples of a variant, where another was asked the same; None where that is not so or not known."""
        ours, theirs = self.examples(key), self.examples(other)
        alike = ours is not None and theirs is not None and ours.labels == theirs.labels
        return ours if alike else None
