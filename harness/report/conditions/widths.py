"""How widths were chosen by measured latency."""

from __future__ import annotations

from harness.compare.results import Results
from harness.report import format as fmt
from harness.report.conditions.part import Part


def widths_part(results: Results) -> Part | None:
    """From what, for which conditions, and in how many tries; None where none were."""
    found = [row.pruning.speed for row in results.rows if row.pruning is not None and row.pruning.speed is not None]
    if not found:
        return None
    most = max(len(speed.rounds) for speed in found)
    asked = found[0].asked
    batches = fmt.listed([str(batch) for batch in asked.batch_sizes])
    where = f"{fmt.plural(asked.threads, 'thread')} of {fmt.device(found[0].device)}"
    judged = any(speed.judged for speed in found)
    apart = (
        " Of several that are as fast it is those that, reconstructed, miss the least of the original's outputs on "
        "training examples that nothing was solved from."
    )
    text = (
        f"Widths for a speed are chosen from a table of this machine's latencies, for batch {batches} together, on "
        f"{where}: those that lose the least of what the importance says. They are then measured against the original, "
        f"and chosen again where they fall short, {most} {'try' if most == 1 else 'tries'} at most here."
        f"{apart if judged else ''} All seeds of a network have the same widths, and each keeps its own most important "
        "channels. The speed-ups told here are from the measurement of all variants together, made after that."
    )
    return "Widths by latency", text + _uniform(results)


def _uniform(results: Results) -> str:
    """Which share every layer loses of the networks that are as fast; nothing where there are none."""
    matched = {
        row.variant: row.pruning.matched
        for row in results.rows
        if row.pruning is not None and row.pruning.matched is not None
    }
    if not matched:
        return ""
    shares = fmt.listed([f"{100 * each.ratio:g}{fmt.SPACE}%" for each in matched.values()])
    return (
        " Uniform pruning at the speed of each loses the least share of every layer that the same table predicts to be "
        f"as fast as those widths were measured to be, in the mean over batch sizes: {shares}."
    )
