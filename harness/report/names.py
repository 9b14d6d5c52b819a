"""What networks and variants are called in sentences, tables and charts: as short as can't be mistaken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from copy import copy
from functools import cached_property
from typing import Any

from harness.compare import Answers, Arm, Change, Contrast, Variant
from harness.report.format import SPACE, listed, plural
from harness.spec import AMOUNTS, PRECISION_LABELS, PruneSpec, short, without

# What labels leave out of prunings that are alike in it.
UNSAID: dict[str, str | None] = {
    "importance": "l1",
    "recover": None,
    "reconstruct_images": None,
    "finetune_schedule": None,
}
CHOSEN = "latency-chosen for "
UNIFORM = "uniform, as fast as for "
# What a variant is held against where that tells less in its favour than the original as it is.
BESIDE_LONGER = "against the original given the same extra training"
# Said of runs of older versions, whose originals were not trained on.
LONGER_MISSING = "The originals were not: a gain in accuracy may come from that."


class Names:
    """The names of one report."""

    def __init__(self, answers: Answers, commands: Mapping[tuple[str, str], str] | None = None) -> None:
        """`commands` make variants, by network and label: see harness/report/commands.py."""
        self.answers, self.commands = answers, commands or {}
        self._labels: dict[str, str] = {}

    @cached_property
    def networks(self) -> dict[str, str]:
        """Every network's short name, in order.

        `deepcaptcha padding=same filters=32-48-64 dense=64` is `deepcaptcha same 32-48-64 dense 64`. Where two
        networks would get the same name, all keep the names of their factors.
        """
        of = {variant.network: variant for variant in self.answers.variants}
        brief = {network: network_name(self.model(each), each.factors, bare=True) for network, each in of.items()}
        if len(set(brief.values())) == len(brief):
            return brief
        return {network: network_name(self.model(each), each.factors, bare=False) for network, each in of.items()}

    def model(self, variant: Variant) -> str:
        """An architecture by its name, a file by its file name."""
        return variant.model if variant.trained_here else file_name(f"{variant.model}{variant.suffix}")

    @cached_property
    def same_tuning(self) -> dict[str, int]:
        """The fine-tuning epochs of networks whose variants all had as many: their labels need not repeat it."""
        found = {}
        for network in self.answers.networks:
            prunes = [variant.prune for variant in self.answers.of(network) if variant.prune]
            epochs = {prune.finetune_epochs for prune in prunes if prune.baseline != "scratch"}
            if len(epochs) == 1:
                found[network] = epochs.pop()
        return found

    @cached_property
    def same_way(self) -> dict[str, PruneSpec]:
        """Of networks with baselines, how all was chosen and recovered, where that is one way: labels leave it out."""
        found = {}
        for network in self.answers.networks:
            prunes = [variant.prune for variant in self.answers.of(network) if variant.prune]
            recovered = [prune for prune in prunes if prune.baseline != "scratch"]
            ways = {tuple(getattr(prune, name) for name in UNSAID) for prune in recovered}
            if len(ways) == 1 and any(prune.baseline for prune in prunes):
                found[network] = recovered[0]
        return found

    def network(self, variant: Variant) -> str:
        """Its network's short name."""
        return self.networks[variant.network]

    def label(self, variant: Variant) -> str:
        """How the variant was made: `original`, `original, trained on`, `50 %, INT8`, `latency-chosen for 2×`."""
        if variant.key not in self._labels:
            self._labels[variant.key] = self._label(variant)
        return self._labels[variant.key]

    def _label(self, variant: Variant) -> str:
        if variant.quantize is not None:
            same = variant.model_copy(update={"quantize": None})
            return f"{self._label(same)}, {PRECISION_LABELS[variant.quantize]}"
        if variant.prune is None:
            if variant.original:
                return "original"
            alone = variant.network in self.same_tuning
            return "original, trained on" + ("" if alone else f" for {plural(variant.longer_epochs, 'epoch')}")
        prune = variant.prune.model_copy(update=UNSAID) if variant.network in self.same_way else variant.prune
        return prune_label(prune, with_tuning=variant.network not in self.same_tuning)

    def full(self, variant: Variant) -> str:
        """Network and variant in a sentence: `single_conv, pruned by 1 filter`."""
        label = self.label(variant)
        if variant.prune is None:
            label = label.replace("original", "unpruned")
        elif not variant.prune.by_latency:
            label = f"pruned by {label}"
        return f"{self.network(variant)}, {label}"

    def command(self, variant: Variant) -> str:
        """What makes the variant; empty where no command does."""
        return self.commands.get((variant.network, variant.label), "")

    def brief(self, variant: Variant) -> str:
        """As short as a label in a chart: `50 %` where there is one network, else `same 32-48-64, 2× by latency`."""
        label = self._amount_alone(variant) or self.label(variant)
        if len(self.networks) == 1:
            return label
        label = label.removeprefix("original, ").replace("original", "unpruned")
        return f"{self.network(variant).removeprefix(f'{self.common_model} ')}, {label}"

    def _amount_alone(self, variant: Variant) -> str:
        """`2× by latency`, where no other variant of the network is chosen for the same; else empty."""
        prune = variant.prune
        if prune is None or not prune.by_latency or prune.baseline is not None:
            return ""
        asked = [
            (each.prune.speedup, each.prune.max_latency_us)
            for each in self.answers.of(variant.network)
            if each.prune is not None and each.prune.baseline is None and each.quantize is None
        ]
        precision = "" if variant.quantize is None else f", {PRECISION_LABELS[variant.quantize]}"
        amount = amount_label(prune).removeprefix(CHOSEN)
        return f"{amount} by latency{precision}" if asked.count((prune.speedup, prune.max_latency_us)) == 1 else ""

    @cached_property
    def common_model(self) -> str:
        """The model that several networks are of, which labels need not repeat; empty where that would mislead."""
        models = Counter(self.model(variant) for variant in self.answers.variants if variant.original)
        model, count = models.most_common(1)[0] if models else ("", 0)
        return model if count > 1 else ""

    def tuning_note(self) -> str:
        """What the labels leave out, or nothing."""
        models: dict[str, set[int]] = {}
        for variant in self.answers.variants:
            models.setdefault(variant.model, set()).add(self.same_tuning.get(variant.network, 0))
        groups: dict[int, list[str]] = {}
        for variant in (each for each in self.answers.variants if each.original):
            epochs = self.same_tuning.get(variant.network, 0)
            name = self.model(variant) if len(models[variant.model]) == 1 else self.network(variant)
            if epochs and name not in groups.setdefault(epochs, []):
                groups[epochs].append(name)
        if not groups:
            return self._notes()
        told = [f"{plural(epochs, 'epoch')} after pruning: {listed(names)}." for epochs, names in groups.items()]
        beside = "Each original, trained on for as long, stands beside." if self.answers.longer else LONGER_MISSING
        return f"Fine-tuned for {' For '.join(told)} {beside} {self._notes()}".rstrip()

    def _notes(self) -> str:
        """How all prunings of a network were made, where that is one way, and what `INT8 where faster` means."""
        told = []
        for network, prune in self.same_way.items():
            parts = [f"chosen by {prune.importance}"]
            parts += ["reconstructed"] * (prune.recover is not None)
            parts += ["tuned with cosine decay"] * (prune.finetune_schedule == "cosine")
            told.append(f"All prunings of {self.networks[network]} are {listed(parts)}.")
        if any(each.quantize == "auto" for each in self.answers.variants):
            told.append(f"{PRECISION_LABELS['auto']}: only the nodes that are measured to be faster so are in INT8.")
        return " ".join(told)

    def among(self, answers: Answers) -> Names:
        """The same names for a part of the variants: charts have colours for the networks of these alone."""
        found = copy(self)
        networks = {network: self.networks[network] for network in answers.networks}
        vars(found).update(answers=answers, networks=networks, same_tuning=self.same_tuning, same_way=self.same_way)
        return found


def series_of(variant: Variant) -> str:
    """What a line in a chart joins: one network, pruned in one way by different amounts."""
    prune = variant.prune
    if prune is None:
        return f"{variant.network} {variant.label}"
    after = [each for each in (prune.recover, prune.finetune_schedule) if each is not None]
    way = [unit_of(prune), prune.importance, prune.rows, prune.baseline or "", str(prune.finetune_epochs)]
    return " ".join([variant.network, *way, *after, *([variant.quantize] if variant.quantize else [])])


def changed(change: Change | Contrast) -> str:
    """What differs between two networks: `padding valid instead of same`."""
    return f"{change.factor} {change.value} instead of {change.base}"


def learned_of(arm: Arm) -> str:
    """How many of an arm's trainings learned: `7 of 10`."""
    return f"{arm.learned} of {arm.runs}"


def file_name(name: str) -> str:
    """A file's name as it stands in a sentence, where it must not be taken for words of it."""
    return f"'{name}'" if any(character.isspace() for character in name) else name


def unit_of(prune: PruneSpec) -> str:
    """In what the amount is given: `ratio`, `filters`, `remove`, `speedup` or `max_latency_us`."""
    return next(unit for unit in AMOUNTS if getattr(prune, unit) is not None)


def network_name(model: str, factors: Mapping[str, Any], bare: bool) -> str:
    """A network's model and factors; bare: without the names of those whose values speak for themselves."""
    parts = [
        short(value) if bare and isinstance(value, str | list | tuple) else f"{key} {short(value)}"
        for key, value in factors.items()
    ]
    return " ".join([model, *parts])


def prune_label(prune: PruneSpec, with_tuning: bool) -> str:
    """The amount first, then what is unusual about it."""
    unusual: list[str] = [prune.importance] if prune.importance != "l1" else []
    if prune.rows == "first":
        unusual.append("first rows")
    if prune.recover is not None:
        unusual.append("reconstructed")
    if prune.baseline == "random":
        unusual.append("random channels")
    if prune.baseline == "scratch":
        unusual.append(f"{plural(prune.finetune_epochs, 'epoch')} from scratch")
    elif with_tuning and prune.finetune_epochs:
        unusual.append(f"{plural(prune.finetune_epochs, 'epoch')} tuned")
    if prune.finetune_schedule == "cosine":
        unusual.append("cosine decay")
    return f"{amount_label(prune)} ({', '.join(unusual)})" if unusual else amount_label(prune)


def widths_told(variant: Variant, most: int = 8) -> str:
    """How many channels the layers keep, in order: `conv_1 16, conv_2 32, dense 256`; empty where that is not known."""
    parts = [f"{layer}{SPACE}{width}" for layer, width in (variant.widths or {}).items()]
    return ", ".join(parts[:most]) + (f" and {len(parts) - most} more" if len(parts) > most else "")


def amount_label(prune: PruneSpec) -> str:
    """How much goes: `25 %`, `1 filter`, `conv_1 without 7`, `latency-chosen for 2×`, `uniform, as fast as for 2×`."""
    if prune.ratio is not None:
        return f"{100 * prune.ratio:g}{SPACE}%"
    if prune.remove is not None:
        return without(prune.remove)
    chosen = UNIFORM if prune.baseline == "uniform" else CHOSEN
    if prune.speedup is not None:
        return f"{chosen}{prune.speedup:g}×"
    if prune.max_latency_us is not None:
        return f"{chosen}{prune.max_latency_us:g}{SPACE}µs"
    return plural(prune.filters or 0, "filter")
