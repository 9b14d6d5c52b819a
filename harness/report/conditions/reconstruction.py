"""How kernels were solved again behind removed channels, and which were not."""

from __future__ import annotations

from harness.compare.results import Results
from harness.report import format as fmt
from harness.report.conditions.part import Part, distinct


def reconstruction_part(results: Results) -> Part | None:
    """From how many images, what then trains on, and layers that kept their kernels; None where nothing was solved."""
    done = [row.pruning for row in results.rows if row.pruning is not None and row.pruning.reconstruction is not None]
    found = [pruning.reconstruction for pruning in done if pruning.reconstruction is not None]
    if not found:
        return None
    counts = distinct(f"{each.images:,}" for each in found)
    text = (
        "The kernels behind removed channels were solved again by least squares, so that each layer gives what the "
        f"original's gave, from {fmt.listed(counts)} training images without their labels. The proof is about the "
        "network before."
    )
    if any(pruning.finetune is not None for pruning in done):
        text += " Fine-tuning then starts from there, and measures no statistics again."
    kept = distinct(f"{layer} ({why})" for each in found for layer, why in each.kept.items())
    if kept:
        text += f" Layers that kept their kernels: {fmt.listed(kept)}."
    undone = sum(each.undone for each in found)
    if undone:
        text += f" In {undone} of {len(found)} networks that came no nearer to the original, and was undone."
    return "Reconstruction", text
