"""How TensorFlow is told to compute, before it is imported."""

from __future__ import annotations

import sys

import pytest

from harness.base.numerics import SETTINGS, settle


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that says nothing, in a process that has not imported TensorFlow."""
    for name in SETTINGS:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    return monkeypatch


def test_what_is_not_set_is_set(untouched: pytest.MonkeyPatch) -> None:
    untouched.setenv("TF_NUM_INTRAOP_THREADS", "32")
    assert settle() == SETTINGS | {"TF_NUM_INTRAOP_THREADS": "32"}


def test_who_turns_onednn_on_gets_all_of_it(untouched: pytest.MonkeyPatch) -> None:
    """Limited to AVX2 it has no convolution of bfloat16."""
    untouched.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    assert settle() == dict.fromkeys(SETTINGS) | {"TF_ENABLE_ONEDNN_OPTS": "1"}


def test_where_tensorflow_is_there_already_nothing_is_claimed(untouched: pytest.MonkeyPatch) -> None:
    untouched.setitem(sys.modules, "tensorflow", sys)
    assert settle() == dict.fromkeys(SETTINGS)
