"""Learning rates out of all bounds."""

from __future__ import annotations

import keras
import pytest

from tests.diagnose.cases.case import SPARSE
from tests.diagnose.small import first, small


@pytest.mark.parametrize("rate", [0.0, 1e30])
def test_a_learning_rate_that_is_out_of_all_bounds_is_a_finding(rate: float) -> None:
    """Also where its tenth, hundredth and thousandth are no better; there is no power of ten of zero.

    With some first weights the steps of 1e30 happen to end at a loss of zero, so these are always the same.
    """
    keras.utils.set_random_seed(1)
    model = small()
    model.compile(optimizer=keras.optimizers.SGD(rate), loss=SPARSE)
    assert first(model, loss=None) == ("learning-rate-high" if rate else "learning-rate-low")
