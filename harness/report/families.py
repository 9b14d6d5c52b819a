"""Many prunings of one network told together: a family is one way of pruning, with different amounts or channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.compare import Answers, Variant
from harness.report import format as fmt
from harness.report.names import Names, unit_of
from harness.report.tables.variants import Cell, Column, Table, crowded
from harness.spec import PruneSpec


@dataclass(frozen=True)
class Family:
    """The variants of a network that were pruned in one way and have an accuracy, in the study's order."""

    network: str
    name: str
    variants: tuple[Variant, ...]

    @property
    def accuracies(self) -> list[float]:
        return [variant.accuracy.value for variant in self.variants if variant.accuracy]

    @property
    def changes(self) -> list[float]:
        return [variant.change.value for variant in self.variants if variant.change]

    @property
    def equal_changes(self) -> list[float]:
        return [variant.equal_change.value for variant in self.variants if variant.equal_change]

    @property
    def control(self) -> bool:
        return self.variants[0].control

    @property
    def worst(self) -> Variant:
        return min(self.variants, key=lambda variant: variant.accuracy.value if variant.accuracy else 0.0)

    @property
    def told(self) -> str:
        """Its accuracies in words: `93.4 % on average, 92.8 % to 93.6 %`."""
        values = self.accuracies
        if len(values) == 1:
            return fmt.percent(values[0])
        return f"{fmt.percent(fmean(values))} on average, {fmt.percent(min(values))} to {fmt.percent(max(values))}"


def families(answers: Answers) -> tuple[Family, ...]:
    """The families of all crowded networks."""
    found: dict[tuple[object, ...], list[Variant]] = {}
    for network in answers.networks:
        for variant in answers.of(network) if crowded(answers, network) else ():
            if variant.prune is not None and variant.accuracy is not None:
                found.setdefault((network, *_way(variant.prune)), []).append(variant)
    return tuple(Family(group[0].network, family_name(group), tuple(group)) for group in found.values())


def _way(prune: PruneSpec) -> tuple[object, ...]:
    """All of a pruning but its amount."""
    fixed = prune.model_dump(mode="json", exclude={"ratio", "filters", "remove"})
    return (unit_of(prune), tuple(prune.remove or ()), *map(str, fixed.values()))


def family_name(variants: Sequence[Variant]) -> str:
    """Such as `1 to 31 filters by l1`, `each of 32 channels of conv_1, first rows, 1 epoch tuned`."""
    prunes = [variant.prune for variant in variants if variant.prune]
    first = prunes[0]
    parts = [_amounts(prunes)]
    if first.rows == "first":
        parts.append("first rows")
    if first.finetune_epochs:
        parts.append(f"{fmt.plural(first.finetune_epochs, 'epoch')} tuned")
    return ", ".join(parts)


def _amounts(prunes: Sequence[PruneSpec]) -> str:
    first = prunes[0]
    if first.remove is not None:
        layers = fmt.listed(list(first.remove))
        single = all(len(channels) == 1 for prune in prunes for channels in (prune.remove or {}).values())
        return f"each of {len(prunes)} channels of {layers}" if single else f"named channels of {layers}"
    by = f" by {first.importance}" + (", global" if first.global_ranking else "")
    if first.ratio is not None:
        ratios = [100 * prune.ratio for prune in prunes if prune.ratio is not None]
        return f"{min(ratios):g} to {max(ratios):g}{fmt.SPACE}%{by}"
    counts = [prune.filters for prune in prunes if prune.filters is not None]
    return f"{min(counts)} to {max(counts)} filters{by}"


def family_tables(answers: Answers, names: Names) -> tuple[tuple[str, Table], ...]:
    """The families of each crowded network, by its name."""
    found = families(answers)
    return tuple(
        (names.networks[network], family_table([family for family in found if family.network == network]))
        for network in dict.fromkeys(family.network for family in found)
    )


def family_table(found: Sequence[Family]) -> Table:
    """Every family: how accurate its variants are, and what they lost against their original."""
    columns = (
        Column("Pruned", number=False),
        Column("Variants"),
        Column("Mean accuracy"),
        Column("Best"),
        Column("Worst"),
        Column("Mean change, points"),
        Column("Largest loss, points"),
        Column("Mean change against trained on, points"),
    )
    shown = len(columns) if any(family.equal_changes for family in found) else len(columns) - 1
    return Table(columns[:shown], tuple(_family_row(family)[:shown] for family in found))


def _family_row(family: Family) -> tuple[Cell, ...]:
    values, changes, equal = family.accuracies, family.changes, family.equal_changes
    worst = family.worst.prune
    return (
        Cell(family.name, badge="mistake" if family.control else ""),
        Cell(str(len(values))),
        Cell(fmt.percent(fmean(values))),
        Cell(fmt.percent(max(values))),
        Cell(fmt.percent(min(values)), worst.label.partition(",")[0] if worst else ""),
        Cell(fmt.points(fmean(changes)) if changes else fmt.UNKNOWN),
        Cell(fmt.points(min(changes)) if changes else fmt.UNKNOWN),
        Cell(fmt.points(fmean(equal)) if equal else ""),
    )
