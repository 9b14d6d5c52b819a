"""Where no garbage is looked for."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from harness.base import garbage


def test_it_rests_and_goes_on() -> None:
    with garbage.left():
        assert not gc.isenabled()
        with garbage.left():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def _fail_within() -> None:
    with garbage.left():
        raise KeyError


def test_it_goes_on_after_an_error() -> None:
    with pytest.raises(KeyError):
        _fail_within()
    assert gc.isenabled()


@pytest.mark.parametrize("leaving", [True, False])
def test_a_process_ends_without_looking_through_what_it_kept(leaving: bool) -> None:
    lines = ["import atexit, gc", "from harness.base import garbage"]
    lines += ["atexit.register(lambda: print(gc.get_freeze_count() > 0))"]
    lines += ["with garbage.left(): pass"] if leaving else []
    command = [sys.executable, "-c", "\n".join(lines)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.split() == [str(leaving)]
