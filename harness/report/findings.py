"""What a run says, in plain sentences, most useful first. All are computed; what has nothing to say is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from harness.compare import Answers, SpeedUp, Standing, Variant, Verdict
from harness.report import format as fmt
from harness.report.names import Names

TOLERATED_LOSS = 0.01
FEW = 4
MANY = 8


@dataclass(frozen=True)
class Finding:
    """A short title, a sentence or two, and what they stand on. A warning changes how all else is to be read."""

    title: str
    text: str
    items: tuple[str, ...] = ()
    warning: bool = False


def findings(answers: Answers, names: Names) -> tuple[Finding, ...]:
    """All that is worth saying, warnings first."""
    writers: tuple[Callable[[Answers, Names], Finding | None], ...] = (
        best_buy,
        costs_and_gains,
        factors_alone,
        on_the_frontier,
        not_faster,
        kernel_rows,
        too_thin,
        seeds_apart,
        never_learned,
        failed,
        false_alarm,
    )
    written = [finding for finding in (write(answers, names) for write in writers) if finding is not None]
    return tuple(sorted(written, key=lambda finding: not finding.warning))


def comparable(answers: Answers) -> list[Variant]:
    """Pruned variants that are not wrong on purpose and whose original learned, as far as is known."""
    return [variant for variant in answers.pruned if not variant.control and variant.learned is not False]


def with_speedup(answers: Answers, batch: int) -> list[tuple[Variant, SpeedUp]]:
    return [(variant, variant.speedups[batch]) for variant in comparable(answers) if batch in variant.speedups]


def cost(variant: Variant) -> str:
    if variant.change is None:
        return "an unknown change in accuracy"
    return f"{fmt.points(variant.change.value)} points ({fmt.points_range(variant.change)})"


def best_buy(answers: Answers, names: Names) -> Finding | None:
    """The largest gain that is shown to cost less than what is tolerated."""
    items = []
    for batch in answers.batch_sizes:
        faster = [
            (variant, speedup)
            for variant, speedup in with_speedup(answers, batch)
            if speedup.verdict is Verdict.FASTER and variant.change is not None
        ]
        if faster:
            items.append(f"Batch {batch}: {_best_of(faster, names)}")
    if not items:
        return None
    text = (
        f"The largest speed-up over the own original whose whole 95 % interval keeps the loss of accuracy under "
        f"{100 * TOLERATED_LOSS:g} point."
    )
    return Finding("Best buy", text, tuple(items))


def _best_of(faster: Sequence[tuple[Variant, SpeedUp]], names: Names) -> str:
    def low(variant: Variant) -> float:
        return variant.change.low if variant.change else -1.0

    safe = [(variant, speedup) for variant, speedup in faster if low(variant) > -TOLERATED_LOSS]
    if safe:
        variant, speedup = max(safe, key=lambda pair: pair[1].value)
        lead = ""
    else:
        variant, speedup = max(faster, key=lambda pair: low(pair[0]))
        lead = "none of the faster ones is shown to cost so little; nearest is "
    gain = f"{fmt.times(speedup.value)} as fast ({fmt.times_range(speedup)})"
    return f"{lead}{names.full(variant)}: {gain} for {cost(variant)}."


def costs_and_gains(answers: Answers, names: Names) -> Finding | None:
    """One line a network: what each pruning of it costs and buys."""
    pruned = comparable(answers)
    items = []
    for network in answers.networks:
        original = next((variant for variant in answers.of(network) if variant.original), None)
        variants = [variant for variant in pruned if variant.network == network and variant.accuracy]
        if original is not None and original.accuracy is not None and variants:
            items.append(_network_line(original, variants, names))
    if not items:
        return None
    batches = fmt.listed([str(batch) for batch in answers.batch_sizes])
    measured = any(variant.speedups for variant in pruned)
    speed = f", then speed-up at batch {batches}" if measured else ""
    text = f"By amount pruned: change in accuracy against the own original in percentage points{speed}."
    return Finding("What pruning costs and buys", text, tuple(first_few(items, MANY, "networks in the table")))


def _network_line(original: Variant, variants: Sequence[Variant], names: Names) -> str:
    assert original.accuracy is not None
    told = []
    for variant in variants:
        change = f"{fmt.points(variant.change.value)} points" if variant.change else "change unknown"
        gains = [fmt.times(speedup.value) for speedup in variant.speedups.values()]
        told.append(f"{names.label(variant)}: {', '.join([change, fmt.listed(gains)] if gains else [change])}")
    return f"{names.network(original)} ({fmt.percent(original.accuracy.value)} unpruned). {'; '.join(told)}."


def factors_alone(answers: Answers, names: Names) -> Finding | None:
    """What each factor does to the unpruned networks."""
    items = []
    for contrast in answers.contrasts:
        same = f" ({', '.join(f'{key} {value}' for key, value in contrast.same.items())})" if contrast.same else ""
        told = (
            [f"{fmt.points(contrast.change.value)} points ({fmt.points_range(contrast.change)})"]
            if contrast.change
            else []
        )
        told += [
            f"{fmt.times(speedup.value)} as fast at batch {batch} ({fmt.times_range(speedup)})"
            for batch, speedup in contrast.speedups.items()
        ]
        if told:
            what = f"{contrast.factor} {contrast.value} instead of {contrast.base}"
            items.append(f"{contrast.model}{same}, {what}: {', '.join(told)}.")
    if not items:
        return None
    text = "One factor changed in the unpruned network, all else equal: accuracy in points, and speed."
    return Finding(
        "What the other choices cost and buy", text, tuple(first_few(items, MANY, "comparisons of this kind"))
    )


def first_few(parts: Sequence[str], limit: int, what: str) -> list[str]:
    """The parts, or the first of them and how many more there are."""
    shown = list(parts[:limit])
    return shown if len(parts) <= limit else [*shown, f"And {len(parts) - limit} more {what}."]


def on_the_frontier(answers: Answers, names: Names) -> Finding | None:
    """Which variants none other beats, at each batch size."""
    items = []
    tasks = list(dict.fromkeys(variant.task for variant in answers.variants))
    for batch in answers.batch_sizes:
        for task in tasks:
            found = frontier_of(answers, task, batch)
            if found:
                where = f"Batch {batch}" + (f", {task}" if len(tasks) > 1 else "")
                items.append(f"{where}: {_frontier_line(found, batch, names)}.")
    if not items:
        return None
    text = (
        "No other variant is both faster and more accurate than these, fastest first. Narrowly on it are those beside "
        "which another is clearly better in one of the two, and not clearly worse in the other."
    )
    return Finding("Speed/accuracy frontier", text, tuple(items))


def frontier_of(answers: Answers, task: str, batch: int) -> list[Variant]:
    """The variants of a task on the frontier at a batch size, fastest first."""
    on = (Standing.ON, Standing.NARROWLY)
    found = [
        each
        for each in answers.variants
        if each.task == task and batch in each.places and each.places[batch].standing in on
    ]
    return sorted(found, key=lambda variant: variant.latencies[batch].median_us)


def _frontier_line(found: Sequence[Variant], batch: int, names: Names) -> str:
    """Those that stand clearly, and, as far as they are few, those that do so narrowly."""
    clear = [variant for variant in found if variant.places[batch].standing is Standing.ON]
    narrow = [variant for variant in found if variant not in clear]
    parts = [_stand(variant, batch, names) for variant in clear]
    if len(narrow) <= FEW:
        parts += [f"narrowly {_stand(variant, batch, names)}" for variant in narrow]
    else:
        parts.append(f"and narrowly {len(narrow)} more, up to {_stand(narrow[-1], batch, names)}")
    return "; ".join(parts)


def _stand(variant: Variant, batch: int, names: Names) -> str:
    assert variant.accuracy is not None
    latency = fmt.duration(variant.latencies[batch].median_us)
    return f"{names.full(variant)} ({fmt.percent(variant.accuracy.value)}, {latency})"


def not_faster(answers: Answers, names: Names) -> Finding | None:
    """The pruned variants that are slower than their original, or no faster in a way that matters."""
    items = []
    judged = 0
    told = {
        Verdict.SLOWER: "slower than the original",
        Verdict.EQUIVALENT: f"no difference beyond ±{100 * answers.margin:g} %",
        Verdict.SAME_GRAPH: "nothing was removed",
    }
    for batch in answers.batch_sizes:
        speedups = with_speedup(answers, batch)
        judged += len(speedups)
        for verdict, words in told.items():
            found = [(variant, speedup) for variant, speedup in speedups if speedup.verdict is verdict]
            if found:
                items.append(f"Batch {batch}, {words}: {'; '.join(_by_amount(found, names))}.")
    if not judged:
        return None
    if not items:
        return Finding(
            "Pruned but not faster", "None: no pruned variant was found slower than its original or equal to it."
        )
    return Finding("Pruned but not faster", "Fewer channels, and nothing gained in latency.", tuple(items))


def _by_amount(found: Sequence[tuple[Variant, SpeedUp]], names: Names) -> Iterator[str]:
    """Networks pruned by the same amount told together: `25 % off lenet same (0.82×) and lenet valid (0.84×)`."""
    amounts: dict[str, list[tuple[Variant, SpeedUp]]] = {}
    for variant, speedup in found:
        amounts.setdefault(names.label(variant), []).append((variant, speedup))
    for label, pairs in amounts.items():
        values = [speedup.value for _, speedup in pairs]
        if len(pairs) > FEW:
            yield f"{label} off {len(pairs)} networks ({fmt.times(min(values))} to {fmt.times(max(values))})"
        else:
            told = [f"{names.network(variant)} ({fmt.times(speedup.value)})" for variant, speedup in pairs]
            yield f"{label} off {fmt.listed(told)}"


def kernel_rows(answers: Answers, names: Names) -> Finding | None:
    """The mistake of keeping a kernel's first rows, beside what is right."""
    items = []
    for control in (variant for variant in answers.variants if variant.control and variant.accuracy):
        variants = [variant for variant in answers.of(control.network) if variant.accuracy]
        told = [
            f"{names.label(variant)} {fmt.percent(variant.accuracy.value)}" for variant in variants if variant.accuracy
        ]
        items.append(f"{names.network(control)}: {fmt.listed(told)}.")
    if not items:
        return None
    text = (
        "Removing a filter means removing its rows from the dense kernel that follows. Flatten is channels-last: "
        "channel c of the pixel at (h, w) is row (h·W + w)·C + c, so a filter's rows lie C apart, one for each pixel. "
        "Keeping the first rows instead feeds nearly every weight the wrong input. What is lost by that is lost to "
        "indexing, not to pruning."
    )
    return Finding("Which rows are kept decides", text, tuple(dict.fromkeys(items)))


def too_thin(answers: Answers, names: Names) -> Finding | None:
    """What this run can't answer, and what would."""
    items = [*_thin_speed(answers, names), *_thin_accuracy(answers, names)]
    finished = [variant for variant in answers.variants if variant.finished]
    if finished and all(len(variant.finished) == 1 for variant in finished):
        items.append("Every network was trained with one seed: nothing is said about another training. Add seeds.")
    if not any(variant.latencies for variant in answers.variants):
        items.append("No latency was measured, so nothing is said about speed.")
    return Finding("Too thin to say", "The evidence leaves these open.", tuple(items)) if items else None


def _thin_speed(answers: Answers, names: Names) -> Iterator[str]:
    for batch in answers.batch_sizes:
        open_ = [pair for pair in with_speedup(answers, batch) if pair[1].verdict is Verdict.INCONCLUSIVE]
        if open_:
            told = [f"{names.full(each)} ({fmt.times_range(speedup)})" for each, speedup in open_]
            yield f"Speed at batch {batch}: {_examples(told)}. A larger measure.budget_s narrows the interval."


def _thin_accuracy(answers: Answers, names: Names) -> Iterator[str]:
    changes = [(each.change.high - each.change.low, each) for each in comparable(answers) if each.change]
    wide = sorted((pair for pair in changes if pair[0] > 2 * TOLERATED_LOSS), key=lambda pair: -pair[0])
    told = [f"{names.full(each)} ({fmt.points_range(each.change)})" for _, each in wide if each.change]
    if told:
        yield f"Accuracy known no better than ±1 point: {_examples(told)}. More seeds or test examples would help."


def _examples(told: Sequence[str]) -> str:
    """All where they are few; else how many, and the first two."""
    if len(told) <= FEW:
        return "; ".join(told)
    return f"{len(told)} variants, such as {' and '.join(told[:2])}"


def seeds_apart(answers: Answers, names: Names) -> Finding | None:
    """How much the luck of a training matters."""
    spreads = [
        (variant.spread, variant) for variant in answers.variants if variant.spread is not None and not variant.control
    ]
    if not spreads:
        return None
    widest, variant = max(spreads, key=lambda pair: pair[0])
    typical = median(spread for spread, _ in spreads)
    text = (
        f"Between the best and the worst seed of a variant lie {100 * typical:.1f} points in the median, at most "
        f"{100 * widest:.1f} ({names.full(variant)}). Differences smaller than that need their interval looked at."
    )
    return Finding("How the seeds spread", text)


def never_learned(answers: Answers, names: Names) -> Finding | None:
    """Originals that do no better than one constant answer."""
    items = []
    for variant in (each for each in answers.variants if each.original and each.unlearned_seeds):
        bad = [seed for seed in variant.finished if seed.learned is False]
        seeds = ", ".join(f"seed {seed.seed} ({fmt.percent(seed.accuracy.value)})" for seed in bad if seed.accuracy)
        items.append(f"{names.network(variant)}: {len(bad)} of {len(variant.finished)} trainings, {seeds}.")
    if not items:
        return None
    text = (
        "These originals score about what always giving one answer would. Pruning a network that never learned "
        "compares nothing: those seeds are left out of means, changes and the frontier. Mend the training first."
    )
    return Finding("Did not learn", text, tuple(items), warning=True)


def failed(answers: Answers, names: Names) -> Finding | None:
    if not answers.failures:
        return None
    text = f"{fmt.plural(len(answers.failures), 'result')} missing; the rest stands. The reasons are under Failures."
    return Finding("Failed", text, warning=True)


def false_alarm(answers: Answers, names: Names) -> Finding | None:
    """The control called different from itself: a reason not to trust small differences of this run."""
    alarms = [control for control in answers.controls if control.speedup.verdict in (Verdict.FASTER, Verdict.SLOWER)]
    if not alarms:
        return None
    shown = fmt.listed(
        [
            f"{fmt.times(alarm.speedup.value)} ({fmt.times_range(alarm.speedup)}) at batch {alarm.batch}"
            for alarm in alarms
        ]
    )
    text = (
        f"A copy of one network, measured as if it were another, came out different: {shown}. Differences of that "
        f"size in this run may be noise; measure again on a quieter machine or with a larger measure.budget_s."
    )
    return Finding("The control failed", text, warning=True)
