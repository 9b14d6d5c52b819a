"""What all records have in common."""

from __future__ import annotations

from functools import cached_property

from harness.records import Record


class Doubled(Record):
    value: int

    @cached_property
    def twice(self) -> int:
        return 2 * self.value


def test_a_copy_forgets_what_was_computed_of_the_old_values() -> None:
    first = Doubled(value=1)
    assert first.twice == 2
    assert first.model_copy(update={"value": 4}).twice == 8
    assert first.model_dump() == {"value": 1}
    assert first == Doubled(value=1)
