"""How many examples and steps a diagnosis of a few seconds can afford.

What one example costs, forward and backward, is counted in multiply-accumulates. Two cores do some ten thousand million
of them a second, and move one number of a layer's output through both passes in the time of about eighty.
"""

from __future__ import annotations

import numpy as np

from harness.diagnose.network.calls import Network
from harness.diagnose.network.layers import multiply_accumulates

BATCH = 128
STEPS = 10
BUDGET = 60e9
NUMBER = 80
PASSES = 3
LEAST = 4
UPDATES = 120e6  # of single weights by the optimizer: some eight seconds, whatever an example costs
RANGE_BUDGET = 60e9  # for rehearsals at other learning rates


def cost_of_example(network: Network) -> float:
    """What one example costs, forward and backward."""
    return 1.0 + sum(multiply_accumulates(call.layer, call.shape) + NUMBER * call.size for call in network.calls)


def examples_within(cost: float, given: int) -> int:
    """How many of the examples given can be afforded in a rehearsal and a pass before and after it."""
    fitting = BUDGET / (cost * (STEPS + PASSES))
    return int(np.clip(fitting, min(LEAST, given), min(BATCH, given)))


def steps_within(cost: float, examples: int, weights: int) -> int:
    """How many optimizer steps on so many examples can be afforded; none where that is fewer than three."""
    steps = int(min(STEPS, UPDATES / max(1, weights), BUDGET / (cost * examples) - PASSES))
    return steps if steps >= 3 else 0


def rehearsals_within(cost: float, examples: int, steps: int) -> int:
    """How many rehearsals at other learning rates can be afforded; two in any case."""
    return int(np.clip(RANGE_BUDGET / (cost * examples * (steps + 1)), 2, 9))
