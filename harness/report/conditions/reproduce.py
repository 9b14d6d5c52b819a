"""How to get the same run and the same report again."""

from __future__ import annotations

from harness.compare.results import Results


def reproduce(results: Results) -> tuple[str, ...]:
    """The commands, as lines of a shell."""
    return (
        f"harness run {results.study}.toml    # train, prune, export, measure; finished stages are not run again",
        "harness report RUN    # this report again, from the run's results.json alone",
    )
