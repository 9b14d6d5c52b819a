"""Many prunings of one network told together: a family is one way of pruning, with different amounts or channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.compare import Answers, Variant
from harness.report import format as fmt
from harness.report.names import amount_label, unit_of
from harness.spec import AMOUNTS, PruneSpec

# A network with more prunings than this, none of them measured, is crowded: they are told together, by family.
CROWD = 12


def crowded(answers: Answers, network: str) -> bool:
    """Whether a network has so many prunings, none of them measured, that they are told by family."""
    variants = answers.of(network)
    return len(variants) > CROWD + 1 and not any(variant.latencies for variant in variants)


@dataclass(frozen=True)
class Family:
    """The variants of a network that were pruned in one way and have an accuracy, in the study's order."""

    network: str
    name: str
    variants: tuple[Variant, ...]

    @property
    def accuracies(self) -> list[float]:
        """The mean accuracy of each variant, as a fraction."""
        return [variant.accuracy.value for variant in self.variants if variant.accuracy]

    @property
    def changes(self) -> list[float]:
        """What each variant lost or won against its original, as a fraction, where that is known."""
        return [variant.change.value for variant in self.variants if variant.change]

    @property
    def equal_changes(self) -> list[float]:
        """The same against the original that was trained on for as long."""
        return [variant.equal_change.value for variant in self.variants if variant.equal_change]

    @property
    def control(self) -> bool:
        """Whether it is pruned wrong on purpose."""
        return self.variants[0].control

    @property
    def worst(self) -> Variant:
        """The least accurate variant."""
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
            if variant.prune is not None and variant.quantize is None and variant.accuracy is not None:
                found.setdefault((network, *_way(variant.prune)), []).append(variant)
    return tuple(Family(group[0].network, family_name(group), tuple(group)) for group in found.values())


def _way(prune: PruneSpec) -> tuple[object, ...]:
    """All of a pruning but its amount."""
    fixed = prune.model_dump(mode="json", exclude=set(AMOUNTS))
    return (unit_of(prune), tuple(prune.remove or ()), *map(str, fixed.values()))


def family_name(variants: Sequence[Variant]) -> str:
    """Such as `1 to 31 filters by l1`, `each of 32 channels of conv_1, first rows, 1 epoch tuned`."""
    prunes = [variant.prune for variant in variants if variant.prune]
    first = prunes[0]
    parts = [_amounts(prunes)]
    if first.rows == "first":
        parts.append("first rows")
    if first.recover is not None:
        parts.append("reconstructed")
    if first.finetune_epochs:
        cosine = " by cosine decay" if first.finetune_schedule == "cosine" else ""
        parts.append(f"{fmt.plural(first.finetune_epochs, 'epoch')} tuned{cosine}")
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
    if first.by_latency:
        return f"{fmt.listed([amount_label(prune) for prune in prunes])}{by}"
    counts = [prune.filters for prune in prunes if prune.filters is not None]
    return f"{min(counts)} to {max(counts)} filters{by}"
