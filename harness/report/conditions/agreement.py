"""What agrees with what: pruned with masked, the ONNX file with Keras, a float32 twin with its model."""

from __future__ import annotations

from harness.compare.results import Results
from harness.report import format as fmt
from harness.report.conditions.part import Part, distinct
from harness.report.names import Names


def proof_part(results: Results) -> Part:
    """What the columns 'Proof' and 'Parity' hold; where nothing came from Keras, there is no parity."""
    proof = (
        "Proof: the largest difference between the pruned network and the original with the same channels masked, as "
        "a share of the logits' spread."
    )
    exports = [row.export for row in results.rows if row.export is not None]
    if exports and all(export.parity is None for export in exports):
        return "Proof", proof
    parity = (
        "Parity: the largest difference between Keras and the ONNX file on the whole test set, likewise. Where top-1 "
        "answers differ, the number of examples is given."
    )
    return "Proof and parity", f"{proof} {parity}"


def twin_part(results: Results, names: Names) -> Part | None:
    """Which networks compute in another precision than their ONNX file, and how far apart the two are; None where none.

    A model of mixed precision, say, is exported as its float32 twin.
    """
    twins = [(row.case.network, row.export) for row in results.rows if row.export is not None and row.export.twin_of]
    if not twins:
        return None
    which = distinct(f"{names.networks[network]}, which computes in {export.twin_of}" for network, export in twins)
    known = [export.twin_difference for _, export in twins if export.twin_difference is not None]
    apart = [f"differ from the twin's by up to {fmt.tiny(max(known))} of their spread"] if known else []
    if len(known) < len(twins):
        apart.append("are not all finite numbers" if not known else "are in part no finite numbers")
    text = (
        f"Exported is the float32 twin, with the same layers and weights, of {'; of '.join(which)}. Accuracy, parity "
        f"and latency are the twin's. The network's own outputs {fmt.listed(apart)}."
    )
    return "Precision", text


def written_part(results: Results) -> Part | None:
    """How the study asked for its ONNX files to be written; None where it left that as it is by default."""
    asked = next((row.export.asked for row in results.rows if row.export is not None and row.export.asked), None)
    if asked is None:
        return None
    facts = {
        "batch": f"take batches of {asked.batch} alone",
        "layout": f"take images as {(asked.layout or '').upper()}",
        "float16_inputs": "take float16, which they cast and compute in float32",
        "opset": f"hold operators of opset {asked.opset}",
    }
    told = [facts[name] for name in ("batch", "layout", "float16_inputs", "opset") if name in asked.options]
    return "ONNX files", f"They {fmt.listed(told)}, as the study asks for."
