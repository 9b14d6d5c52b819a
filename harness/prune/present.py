"""What pruning did, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from harness.channels.reasons import by_reason, listed
from harness.records import (
    Agreement,
    LayerCost,
    Proof,
    PruneFile,
    PruneReport,
    Reconstruction,
    Recovery,
    Speed,
    total,
)

ROWS = 16  # layers that have a line of their own
EXACT = 1e-10  # of what a layer makes: what is missed by less is rounding

if TYPE_CHECKING:
    from rich.table import Table


def layer_table(report: PruneReport) -> Table:
    """Channels, parameters and multiply-accumulates before and after.

    A line for each layer that makes channels or multiplies, of many for those with the most multiply-accumulates, in
    their order; and one for all the others that have parameters.
    """
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("layer", footer="all", overflow="fold")
    table.add_column("kind")
    table.add_column("channels", justify="right")
    parameters = _change(report.parameters_before, report.parameters_after)
    table.add_column("parameters", footer=parameters, justify="right", no_wrap=True)
    table.add_column("MACs", footer=_change(report.macs_before, report.macs_after), justify="right", no_wrap=True)
    busy = [layer for layer in report.layers if layer.channels_before is not None or layer.macs_before != 0]
    shown = sorted(busy, key=lambda layer: -(layer.macs_before or 0))[:ROWS]
    for layer in (each for each in busy if each in shown):
        table.add_row(layer.layer, layer.kind, *_cells(layer))
    others = [layer for layer in report.layers if layer not in shown and (layer.parameters_before or layer in busy)]
    if others:
        sums = sum(layer.parameters_before for layer in others), sum(layer.parameters_after for layer in others)
        macs = total(layer.macs_before for layer in others), total(layer.macs_after for layer in others)
        work = "" if macs == (0, 0) else _change(*macs)
        table.add_row(f"{len(others)} more", _kinds(others), "", _change(*sums), work)
    return table


def _kinds(layers: Sequence[LayerCost]) -> str:
    kinds = list(dict.fromkeys(layer.kind for layer in layers))
    return ", ".join(kinds[:2]) + (", …" if len(kinds) > 2 else "")


def _cells(layer: LayerCost) -> tuple[str, str, str]:
    channels = "" if layer.channels_before is None else _change(layer.channels_before, layer.channels_after)
    macs = "" if layer.macs_before == 0 else _change(layer.macs_before, layer.macs_after)
    return channels, _change(layer.parameters_before, layer.parameters_after), macs


def _change(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return "unknown"
    return f"{before:,} → {after:,}" if before != after else f"{before:,}"


def summary_line(report: PruneReport) -> str:
    """What is left, as shares of the original."""
    parts = [f"{report.parameters_after:,} of {report.parameters_before:,} parameters"]
    parts[0] += f" ({_share(report.parameters_after, report.parameters_before)})"
    if report.macs_before and report.macs_after is not None:
        share = _share(report.macs_after, report.macs_before)
        parts.append(f"{report.macs_after:,} of {report.macs_before:,} MACs ({share})")
    unknown = [layer.layer for layer in report.layers if layer.macs_before is None or layer.macs_after is None]
    if unknown:
        parts.append(f"MACs unknown: those of {listed(unknown)} can't be counted")
    return "kept " + ", ".join(parts)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


def proof_line(proof: Proof) -> str:
    """Whether the proof holds, and every trial."""
    return f"{'proved' if proof.holds else 'NOT proved'}: {trials(proof)}"


def trials(proof: Proof) -> str:
    """How far the pruned network is from the masked original, in every trial."""
    largest = f"{proof.largest_difference:.1e} of the logits' spread from the masked original at most"
    each = ", ".join(f"{name.replace(', float64', ' in float64')} {value:.2g}" for name, value in proof.trials.items())
    return f"{largest}, {proof.tolerance:.0e} allowed ({each}; {proof.examples} random examples)"


def speed_lines(speed: Speed) -> list[str]:
    """What was asked of the speed, what was predicted and what was measured, at each batch size, and where it holds."""
    tries = f"{len(speed.rounds)} tr" + ("ies" if len(speed.rounds) > 1 else "y")
    lines = [f"asked {speed.asked.label}, reached after {tries}:"]
    lines += [
        f"  batch {each.batch}: measured {each.interval} ({each.predicted:.2f}x predicted), "
        f"{each.original_us:,.0f} → {each.pruned_us:,.0f} us"
        for each in speed.reached
    ]
    lines += _told_apart(speed)
    threads = f"{speed.asked.threads} thread" + ("s" if speed.asked.threads > 1 else "")
    versions = f"onnxruntime {speed.conditions['onnxruntime']}"
    machine = speed.conditions["cpu"] if speed.device == "cpu" else speed.conditions["GPUs"][0]["name"]
    return [*lines, f"holds on {speed.device} ({machine}), {threads}, {versions}"]


def _told_apart(speed: Speed) -> list[str]:
    """By what the widths were chosen among those that are as fast, where that was reconstruction."""
    if not speed.judged:
        return []
    best, *others = (f"{100 * missed:.2g} %" for missed in speed.judged)
    return [
        f"of {len(speed.judged)} choices of widths that are as fast, the one that misses the least of the original's "
        f"outputs, reconstructed: {best} (others {', '.join(others)})"
    ]


def files_line(files: Sequence[Path]) -> str:
    """Where the model is, and what is beside it."""
    return f"written: {files[0]}, and beside it {', '.join(path.name for path in files[1:])}"


def agreement_lines(found: Agreement) -> list[str]:
    """How much of each output is kept."""
    lines = []
    for name, kept in found.outputs.items():
        told = [] if kept.top1 is None else [f"top-1 (largest of the last axis) the same in {100 * kept.top1:.1f} %"]
        told += [
            f"relative error {_percent(kept.relative_error['50'])} (median), "
            f"{_percent(kept.relative_error['90'])} (90th percentile)",
            f"cosine {kept.cosine['50']:.4f} (median), {kept.cosine['10']:.4f} (10th percentile)",
        ]
        where = f"on {found.examples} examples that nothing was solved from"
        lines.append(f"kept of the original's '{name}', {where}: {'; '.join(told)}")
    return lines


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def next_lines(about: PruneFile, original: Path, pruned: Path, inputs: Sequence[str]) -> list[str]:
    """What is not known yet of an ONNX file that takes `inputs`, and the command that tells it."""
    lines = []
    if about.agreement is None:
        lines.append(
            "not looked at: how much of the original's answers is kept; --data images:DIR tells, and --reconstruct "
            "with it wins most back, without labels"
        )
    elif about.reconstruction is None:
        lines.append("not tried: --reconstruct, which wins most of the answers back from these examples")
    said = "".join(f" --input {quote(one)}" for one in inputs)
    before, after = (quote(str(path)) for path in (original, pruned))
    if about.speed is None:
        return [*lines, f"next, whether it is faster here: `harness measure {before} {after}{said}`"]
    return [*lines, f"next, a bundle to ship: `harness bundle {after} --against {before} --data DATA`"]


def recovery_lines(recovery: Recovery) -> list[str]:
    """Accuracies, each beside what it is to be compared with."""
    epochs = _epochs(recovery.epochs)
    tuned = f"fine-tuned for {epochs}" + (" by cosine decay" if recovery.schedule == "cosine" else "")
    tuned += ", distilled from the original" if recovery.distilled else ""
    if recovery.reconstructed is not None:
        tuned = f"reconstructed and {tuned}"
    rows = [
        ("original", recovery.original),
        ("original, recalibrated", recovery.original_recalibrated),
        ("pruned", recovery.pruned),
        ("pruned, recalibrated", recovery.recalibrated),
        ("pruned, reconstructed", recovery.reconstructed),
        (tuned, recovery.tuned),
        ("baseline: random channels of the same widths, reconstructed", recovery.random_reconstructed),
        (f"baseline: random channels of the same widths, {tuned}", recovery.random_channels),
        (
            f"baseline: the same widths from new weights, trained for {_epochs(recovery.scratch_epochs)}",
            recovery.from_scratch,
        ),
        (f"baseline: the original, trained for {epochs} more", recovery.original_longer),
    ]
    shown = [f"{100 * value:5.1f} %  {name}" for name, value in rows if value is not None]
    return [f"accuracy on {recovery.examples} test examples:", *shown, *_credit(recovery)]


def _credit(recovery: Recovery) -> list[str]:
    """What a gain over the original is owed to, where recalibration or more training wins it without pruning, too."""
    steps = (recovery.tuned, recovery.reconstructed, recovery.recalibrated, recovery.pruned)
    reached = next(value for value in steps if value is not None)
    alike = [
        (value, how)
        for value, how in (
            (recovery.original_recalibrated, "recalibration"),
            (recovery.original_longer, f"{_epochs(recovery.epochs)} more of training"),
        )
        if value is not None and value > recovery.original
    ]
    if reached <= recovery.original or not alike:
        return []
    best, how = max(alike)
    share = "the gain over the original is not pruning's" if best >= reached else "not all of the gain is pruning's"
    return [
        f"{share}: {how} alone takes the original from {100 * recovery.original:.1f} to {100 * best:.1f} %; compare "
        "with that"
    ]


def _epochs(count: int | None) -> str:
    return f"{count} epoch" + ("s" if count != 1 else "")


def reconstruction_lines(found: Reconstruction) -> list[str]:
    """How many layers were solved, how much nearer that is, which were not, and where images were few."""
    changed = [layer for layer in found.solved if layer.ridge is not None]
    missed = f"{_missed(found.before)} missed before, {_missed(found.after)} after"
    lines = [
        f"reconstructed from {found.images:,} images: {_layers(len(changed))} solved; of the original's outputs "
        f"{missed}"
    ]
    if found.undone:
        lines = [
            f"not reconstructed: {found.images:,} images bring the outputs no nearer to the original's "
            f"({missed}); give more, or others"
        ]
    else:
        lines += [
            f"{layer} solved by the original's answers: {100 * each.before:.1f} % as the original's before, "
            f"{100 * each.after:.1f} % after"
            for layer, each in (found.answered or {}).items()
        ]
    same = [layer.layer for layer in found.solved if layer.ridge is None and layer.before > EXACT]
    if same and not found.undone:
        lines.append(f"kept the cut kernel, than which nothing did better: {listed(same)}")
    lines += [f"kept the cut kernel: {line}" for line in by_reason(found.kept)]
    needed = found.images_needed
    if needed is not None:
        few = [layer for layer in found.solved if layer.rows < layer.columns]
        worst = max(few, key=lambda layer: layer.columns / layer.rows)
        lines.append(
            f"few images: {worst.layer} has {worst.rows:,} equations for {worst.columns:,} unknowns; "
            f"{needed:,} images would give as many"
        )
    return lines


def _missed(share: float | None) -> str:
    if share is None:
        return "a share that is not finite"
    return f"{100 * share:.1f} %" if share == 0 or share >= 0.0005 else "less than 0.1 %"


def _layers(count: int) -> str:
    return f"{count} layer" + ("s" if count != 1 else "")
