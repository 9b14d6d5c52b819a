"""The test examples that rows were judged on, as far as a report tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from harness.records.record import Record


class ExampleSet(Record):
    """Test examples: what each really is, and pictures of a few.

    `labels` are their class numbers in test order, with spaces between; there is a name for each number. `pictures` are
    PNG files in base64, by the number of the example: of those on which networks disagree that the report shows.
    """

    class_names: tuple[str, ...]
    labels: str
    pictures: Mapping[int, str] = {}

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The class number of each example."""
        return tuple(map(int, self.labels.split()))

    @cached_property
    def places(self) -> Mapping[int, tuple[int, ...]]:
        """Where the examples of each class are, by its number, in order."""
        found: dict[int, list[int]] = {number: [] for number in sorted(set(self.numbers))}
        for place, number in enumerate(self.numbers):
            found[number].append(place)
        return {number: tuple(places) for number, places in found.items()}

    def name(self, number: int) -> str:
        """What a class is called; its number where the network tells more classes apart than the data has."""
        return self.class_names[number] if 0 <= number < len(self.class_names) else str(number)
