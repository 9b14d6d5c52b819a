"""What a file is fed while it is measured, where it leaves sizes open."""

from __future__ import annotations

from harness.base.crash import scratch
from harness.base.errors import QuantizeError
from harness.measure.files.model_file import ModelFile
from harness.measure.inputs.declared import GIVEN, check_batches, fixed_batch
from harness.measure.inputs.examples import fitted, open_input
from harness.measure.inputs.feed import describe_inputs
from harness.measure.inputs.given import gather
from harness.measure.inputs.wanted import line_up, suggestions
from harness.quantize.calibration import Array
from harness.spec import MeasureSpec


def fed(spec: MeasureSpec, file: ModelFile, images: Array | None) -> MeasureSpec:
    """The same with inputs of the sizes that the images (N, ...) have, where sizes are open and none were said.

    Where no batch sizes were said, a file that takes one alone is measured at that.

    Raises:
        DataError: the images don't fit.
    """
    fixed = fixed_batch(file.inputs)
    if fixed is not None and "batch_sizes" not in spec.model_fields_set:
        spec = spec.model_copy(update={"batch_sizes": (fixed,)})
    if spec.inputs or images is None or len(file.inputs) != 1 or file.inputs[0].dtype not in GIVEN:
        return spec
    wanted = file.inputs[0]
    laid, _ = fitted(str(file.path), wanted, images[:1])
    return spec.model_copy(update={"inputs": open_input(wanted, laid.shape[1:])})


def check_fed(spec: MeasureSpec, file: ModelFile) -> None:
    """Refuse a file before the work that could not be measured after it.

    Raises:
        QuantizeError: an input's sizes are not known and not said.
        SpecError: it takes no batch of a size that was said.
        MeasureError: what was said does not fit it.
    """
    check_batches(file.path, file.inputs, spec.batch_sizes)
    models = [(file.path, file.inputs)]
    given = gather(spec.inputs, None, {}, file.inputs)
    wanted = line_up(models, given)
    unknown = [one for one in wanted if not one.is_given(given) and not one.can_be_invented]
    if unknown:
        raise QuantizeError(
            f"{file.path}: input {unknown[0].first} can't be invented, so the speed can't be measured; say what it "
            f"takes: {suggestions(unknown, wanted)}; or leave that out: --no-measure"
        )
    with scratch() as folder:
        describe_inputs(models, given, folder)
