"""How many channels each group keeps for a price: the most of what matters within every budget.

Prices are tables over the widths of the few groups that they depend on; what the money is does not matter here. The
budgets are taken into the aim by a multiplier (Lagrange; Everett, Operations Research 11, 1963), under which the best
widths are found exactly by eliminating one group after another (Bertele and Brioschi, Nonserial Dynamic Programming,
1972): networks are chains and ladders, in which a group meets few others. What the best multiplier gives is then
improved by single moves and exchanges, and no allocation can do better than the multiplier's bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.channels.eliminate import Factor, best
from harness.channels.errors import UnaffordableError

Array = npt.NDArray[np.float64]
WEIGHINGS = 20  # of several budgets against each other
MULTIPLIERS = 40  # halvings of the interval in which the multiplier lies


@dataclass(frozen=True)
class Price:
    """What the widths of some groups cost: (budgets, choices of the first group, of the second, ...).

    `groups` are positions in the list of groups, in increasing order.
    """

    groups: tuple[int, ...]
    cost: Array


@dataclass(frozen=True)
class Spent:
    """Which of its widths each group got, what is lost by that, what it costs of each budget, and the least that any
    widths within the budgets could lose.
    """

    choice: tuple[int, ...]
    loss: float
    cost: tuple[float, ...]
    least: float


class Market:
    """Widths on offer: what each loses, and what they cost together.

    Args:
        losses: for each group, what is lost at each of its widths on offer, float64 (choices,), none below 0.
        prices: what they cost, all of it a share of the budgets.
        fixed: what is spent in any case, of each budget.
    """

    def __init__(self, losses: Sequence[Array], prices: Sequence[Price], fixed: Sequence[float]) -> None:
        self.losses, self.prices, self.fixed = list(losses), list(prices), np.asarray(fixed, np.float64)
        self.of: list[list[Price]] = [
            [price for price in prices if group in price.groups] for group in range(len(losses))
        ]

    def cost(self, choice: Sequence[int]) -> Array:
        """What a choice costs of each budget."""
        total = self.fixed.copy()
        for price in self.prices:
            index: tuple[Any, ...] = (slice(None), *(choice[group] for group in price.groups))
            total += price.cost[index]
        return total

    def loss(self, choice: Sequence[int]) -> float:
        """What a choice loses."""
        return float(sum(losses[place] for losses, place in zip(self.losses, choice, strict=True)))

    def cheapest(self) -> tuple[int, ...]:
        """The choice whose dearest budget costs the least; of several budgets, about the least."""
        weights = np.full(len(self.fixed), 1 / len(self.fixed))
        found = []
        for _ in range(WEIGHINGS if len(weights) > 1 else 1):
            found.append(self._best(weights, 0.0)[0])
            cost = self.cost(found[-1])
            weights = weights * np.exp(cost / cost.max() - 1)
            weights /= weights.sum()
        return self._cheaper(min(found, key=lambda choice: float(self.cost(choice).max())))

    def _cheaper(self, start: tuple[int, ...]) -> tuple[int, ...]:
        """Moves of one group, as long as one makes the dearest budget cost less."""
        chosen = list(start)
        while True:
            cost = self.cost(chosen)
            moves = [
                (float(dearest.min()), group, int(dearest.argmin()))
                for group in range(len(self.losses))
                for dearest in [(cost[:, None] + self._change(group, chosen)).max(axis=0)]
            ]
            least, group, place = min(moves, default=(np.inf, 0, 0))
            if least >= cost.max() - 1e-12:
                return tuple(chosen)
            chosen[group] = place

    def spend(self) -> Spent:
        """Lose the least within all budgets, each of which is 1.

        Raises:
            UnaffordableError: nothing on offer is within them, or of several budgets nothing that was found.
        """
        start = self.cheapest()
        if (self.cost(start) > 1).any():
            raise UnaffordableError("no widths are within the budgets")
        chosen, least = self._relaxed(start)
        chosen = self._improved(chosen)
        return Spent(chosen, self.loss(chosen), tuple(self.cost(chosen).tolist()), min(least, self.loss(chosen)))

    def _relaxed(self, start: tuple[int, ...]) -> tuple[tuple[int, ...], float]:
        """The best choice within the budgets that any multiplier gives, and the best bound.

        Of several budgets each gets a weight, raised where the choice is beyond it.
        """
        weights = np.full(len(self.fixed), 1 / len(self.fixed))
        chosen, least, low, high = start, 0.0, 0.0, self._highest()
        for _ in range(MULTIPLIERS):
            multiplier = 0.5 * (low + high)
            choice, value = self._best(multiplier * weights, 1.0)
            cost = self.cost(choice)
            least = max(least, value - float(multiplier * weights.sum()))
            if (cost <= 1).all():
                high = multiplier
                chosen = min(chosen, choice, key=self.loss)
            else:
                low = multiplier
                if len(cost) > 1:
                    weights = weights * np.exp(np.clip(cost - 1, -0.2, 0.2))
                    weights /= weights.sum()
        return chosen, least

    def _highest(self) -> float:
        """A multiplier that makes any loss worth less than its price."""
        worst = sum(float(losses.max()) for losses in self.losses)
        return 1e3 * max(worst, 1e-12)

    def _best(self, multipliers: Array, share: float) -> tuple[tuple[int, ...], float]:
        """The choice of least loss (times a share) and cost times multipliers, and that sum with what is fixed."""
        factors = [Factor((group,), share * losses) for group, losses in enumerate(self.losses)]
        factors += [Factor(price.groups, np.tensordot(multipliers, price.cost, 1)) for price in self.prices]
        choice, value = best([len(losses) for losses in self.losses], factors)
        return choice, value + float(multipliers @ self.fixed)

    def _improved(self, start: tuple[int, ...]) -> tuple[int, ...]:
        """Moves of one group and exchanges between two, as long as one loses less within the budgets."""
        chosen = list(start)
        while True:
            found = self._single(chosen) or self._exchange(chosen)
            if found is None:
                return tuple(chosen)
            for group, place in found:
                chosen[group] = place

    def _single(self, chosen: list[int]) -> list[tuple[int, int]] | None:
        """The move of one group that wins the most."""
        cost, moves = self.cost(chosen), []
        for group, losses in enumerate(self.losses):
            wins = losses[chosen[group]] - losses
            able = (wins > 1e-12) & (cost[:, None] + self._change(group, chosen) <= 1).all(axis=0)
            if able.any():
                place = int(np.argmax(np.where(able, wins, -np.inf)))
                moves.append((float(wins[place]), [(group, place)]))
        return max(moves)[1] if moves else None

    def _exchange(self, chosen: list[int]) -> list[tuple[int, int]] | None:
        """The first found that wins something: one group gives, another takes."""
        for giver, losses in enumerate(self.losses):
            for place in np.flatnonzero(losses > losses[chosen[giver]]):
                given = list(chosen)
                given[giver] = int(place)
                lost = losses[place] - losses[chosen[giver]]
                taken = self._taken(given, giver, float(lost))
                if taken is not None:
                    return [(giver, int(place)), taken]
        return None

    def _taken(self, chosen: list[int], giver: int, lost: float) -> tuple[int, int] | None:
        """Where another group can win more than was lost, within the budgets."""
        cost = self.cost(chosen)
        for group, losses in enumerate(self.losses):
            wins = losses[chosen[group]] - losses - lost
            if group == giver or not (wins > 1e-12).any():
                continue
            able = (wins > 1e-12) & (cost[:, None] + self._change(group, chosen) <= 1).all(axis=0)
            if able.any():
                return group, int(np.argmax(np.where(able, wins, -np.inf)))
        return None

    def _change(self, group: int, chosen: Sequence[int]) -> Array:
        """How the costs change with each other choice of a group: (budgets, choices)."""
        total = np.zeros((len(self.fixed), len(self.losses[group])))
        for price in self.of[group]:
            index = tuple(slice(None) if each == group else chosen[each] for each in price.groups)
            total += price.cost[(slice(None), *index)]
        change: Array = total - total[:, chosen[group], None]
        return change
