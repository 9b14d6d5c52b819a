"""Where no garbage is looked for."""

from __future__ import annotations

import gc

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
