"""What a training left, with nothing else to find."""

from __future__ import annotations

from tests.diagnose.cases.case import Case, ask, digits, fitted
from tests.diagnose.cases.given import binary, changed, stuck_history
from tests.diagnose.cases.networks import captcha, single
from tests.diagnose.cases.weights import always_one, one_answer

CASES: tuple[Case, ...] = (
    Case("single_conv, one answer", lambda: ask(one_answer(fitted(single(), digits(), 1))), "predictions-collapsed"),
    Case(
        "deepcaptcha, one answer",
        lambda: ask(one_answer(fitted(captcha(), digits(), 1), "dense_2")),
        "predictions-collapsed",
    ),
    Case("a history at chance", lambda: ask(single(), history=stuck_history()), "chance-plateau"),
    Case(
        "a history without accuracy", lambda: ask(captcha(), history={"loss": [2.4, 2.31, 2.3, 2.3]}), "chance-plateau"
    ),
    Case("a history of NaN", lambda: ask(single(), history={"loss": [3.0, float("nan")]}), "loss-not-finite"),
    Case(
        "one output that always says 1",
        lambda: changed(labels=binary)(always_one(), loss="binary_crossentropy"),
        "predictions-collapsed",
    ),
)
