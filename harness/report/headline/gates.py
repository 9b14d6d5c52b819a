"""What has to hold before a variant is shipped, and whether it does, on this run's evidence alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.compare import TOLERATED_LOSS, Answers, Choice, Variant, Verdict
from harness.report import format as fmt


@dataclass(frozen=True)
class Gate:
    """What is asked, whether it holds (None: unknown, which is never a pass), and on what evidence."""

    name: str
    holds: bool | None
    evidence: str

    @property
    def state(self) -> str:
        """In a word."""
        return {True: "holds", False: "fails", None: "not shown"}[self.holds]


def gates(choice: Choice, variant: Variant, answers: Answers) -> tuple[Gate, ...]:
    """All that apply to a variant: what is chosen, or the reference where that stays."""
    swapped = _of_swap(choice) if variant.key == choice.variant else ()
    return (*swapped, *_of_variant(choice.batch, variant, answers))


def _of_swap(choice: Choice) -> Iterator[Gate]:
    """What has to hold of a variant that takes another's place."""
    speedup = choice.speedups[choice.batch]
    yield Gate(f"Faster at batch {choice.batch}", True, f"{fmt.times(speedup.value)} ({fmt.times_range(speedup)})")
    held = True if choice.safe else False if choice.costly else None
    worst = choice.equal_change if choice.worse_beside_longer else choice.change
    assert worst is not None
    beside = ", equal training" if choice.worse_beside_longer else ""
    evidence = f"{fmt.points(worst.value)} ({fmt.points_range(worst)}{beside})"
    yield Gate(f"Loses less than {100 * TOLERATED_LOSS:g} point", held, evidence)


def _of_variant(batch: int, variant: Variant, answers: Answers) -> Iterator[Gate]:
    """What has to hold of a variant by itself, and of the measurement."""
    if variant.prune is not None:
        known = variant.proof_difference is not None
        yield Gate("Pruned = masked", known or None, fmt.tiny(variant.proof_difference))
    if variant.parity_difference is not None:
        differ = variant.parity_disagreements or 0
        evidence = fmt.tiny(variant.parity_difference) + (f", {differ} answers differ" if differ else "")
        when = "" if variant.quantize is None else ", before quantizing"
        yield Gate(f"ONNX = Keras{when}", differ == 0, evidence)
    controls = [control for control in answers.controls if control.batch == batch]
    if controls:
        alarm = any(control.speedup.verdict in (Verdict.FASTER, Verdict.SLOWER) for control in controls)
        worst = max(controls, key=lambda control: abs(control.speedup.value - 1))
        yield Gate("Control is no different", not alarm, f"{worst.speedup.value:.3f}×")
