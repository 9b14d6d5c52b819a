"""No test can hold up the run: a plugin for pytest, beside the time limit for each test in `pyproject.toml`.

A test that takes too long ends its process (native code heeds no exception), and so does one that crashes it. With
several processes the run then ends at once and names the test: pytest-xdist would give its work to another process,
which dies at the same place, and what waits for that waits for ever.
"""

from __future__ import annotations

from typing import Any

import pytest

SLOW_S = 3600


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str, report: pytest.TestReport, sched: Any) -> None:
    """Say which test it was, and end the run."""
    reporter = sched.config.pluginmanager.get_plugin("terminalreporter")
    reporter.write_line("")
    pytest.exit(f"{crashitem} took its process with it", returncode=pytest.ExitCode.TESTS_FAILED)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long sweeps have a longer limit."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_S))
