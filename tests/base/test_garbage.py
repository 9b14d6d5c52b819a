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


def said(code: str) -> str:
    """What a fresh process prints."""
    code = "import gc; from harness.base import garbage; " + code
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_what_is_imported_is_left_in_a_process_of_our_own_alone() -> None:
    """What a user made may be thrown away; in a worker what is there is left, and what comes later is found."""
    leave = "before = gc.get_freeze_count(); garbage.leave_what_is_imported(); "
    count = "print(gc.get_freeze_count() - before > 1_000); "
    later = "later = []; later.append(later); del later; print(gc.collect())"
    assert said(f"{leave}{count}") == "False"
    assert said(f"garbage.own_process(); {leave}{count}{later}").split() == ["True", "1"]


def test_a_process_of_our_own_leaves_keras() -> None:
    """Clearing Keras's state has little to search then."""
    code = "from harness.base.keras_import import import_keras; import_keras(); "
    count = "print(gc.get_freeze_count() > 100_000 > len(gc.get_objects()))"
    assert said(f"garbage.own_process(); {code}{count}") == "True"
