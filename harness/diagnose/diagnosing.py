"""From a model and its data to a diagnosis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from harness.base.errors import DataError, ModelError, SpecError
from harness.base.progress import Progress, Silent
from harness.diagnose.checks import CHECKS, OUTCOMES, SIGNS
from harness.diagnose.cures.changes import CURED_GATES
from harness.diagnose.cures.prove import untried, with_proofs
from harness.diagnose.evidence.evidence import Evidence, Question
from harness.diagnose.evidence.rehearsal import highest_rate, unwrapped, with_rate
from harness.diagnose.findings import Diagnosis, Finding, after_causes, in_order, without_signs
from harness.diagnose.picture import picture
from harness.diagnose.question.left_out import not_rehearsed
from harness.diagnose.question.losses import Loss, read_labels, read_loss
from harness.diagnose.question.readable import check_readable


def diagnose(  # noqa: PLR0913 - each is something that a user may leave out
    model: keras.Model,
    images: NDArray[Any],
    labels: NDArray[Any],
    *,
    loss: Any = None,
    history: Any = None,
    prove: bool = False,
    optimizer: Any = None,
    learning_rate: float | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Find out why a network does not learn, or would not.

    Args:
        model: a classifier of one input and one output, functional or Sequential; compiled or not. Never changed.
        images: (N, ...) as they go into the network. A batch of them is looked at, and all are checked for NaN.
        labels: (N,) class numbers, or (N, classes) one-hot rows.
        loss: as for `model.compile`; the model's own where it is compiled.
        history: of a training that was disappointing: what `fit` returned, or metric -> value after each epoch.
        prove: train shortly without and with each cure that can be applied by itself.
        optimizer: as for `model.compile`; the model's own, or Adam.
        learning_rate: the one to test; the optimizer's own.
        progress: is told what is being looked at.

    Raises:
        SpecError: the loss is missing or unknown, or the learning rate is not a positive number.
        ModelError: the model's layers can't be seen, or it is no classifier.
        DataError: there are no images, or they are no numbers.
    """
    question = read_question(
        model, images, labels, loss=loss, history=history, optimizer=optimizer, learning_rate=learning_rate
    )
    evidence = Evidence(question)
    shown = progress or Silent()
    findings, complete = _run_checks(evidence, shown)
    if prove:
        findings = (
            with_proofs(evidence, findings, shown) if complete or _runs_once_cured(evidence) else untried(findings)
        )
    return _diagnosis(evidence, findings, complete)


def read_question(model: keras.Model, images: NDArray[Any], labels: NDArray[Any], **options: Any) -> Question:
    """Check what a user wants diagnosed, as far as it must be to begin; arguments and errors as for `diagnose`."""
    check_readable(model)
    images, labels = _of_rank(_array(images, "images"), model.input_shape), _array(labels, "labels")
    if images.dtype.kind not in "buif":
        raise DataError(f"the images are {images.dtype}, not numbers; give an array of pixels")
    loss = _loss(model, options.get("loss"))
    _check_classifier(model, labels, loss)
    optimizer, learning_rate = options.get("optimizer"), options.get("learning_rate")
    used, rate = _optimizer(model, optimizer, learning_rate)
    rate_given = model.compiled or optimizer is not None or learning_rate is not None
    left_out = not_rehearsed(model, optimizer)
    return Question(model, images, labels, loss, _history(options.get("history")), used, rate, rate_given, left_out)


def _array(values: Any, name: str) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(f"the {name} are not all of one shape; give them as one array") from None
    if values is not None and not array.shape:
        raise DataError(f"the {name} are one {type(values).__name__}; give them as an array, one for each example")
    if not array.shape or not len(array):
        raise DataError(f"there are no {name} to diagnose the model with; give at least some of each class")
    return array


def _of_rank(images: NDArray[Any], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Images with a last axis of 1 added or taken away where that gives them the model's rank, as Keras does."""
    if images.ndim == len(shape) + 1 and images.shape[-1] == 1:
        return images[..., 0]
    return images[..., None] if images.ndim == len(shape) - 1 and shape[-1] == 1 else images


def _check_classifier(model: keras.Model, labels: NDArray[Any], loss: Loss) -> None:
    """Raise ModelError where what the model predicts is not one class an example."""
    *positions, width = model.output_shape[1:] or (None,)
    if any(length != 1 for length in positions) or width is None:
        raise ModelError(
            f"{model.name} gives an output of {'x'.join(map(str, model.output_shape[1:]))} for an example; diagnose "
            "takes classifiers, with one output for each class"
        )
    read = read_labels(labels, loss)
    numbers = labels.dtype.kind == "f" and read.encoding is None and bool(np.isfinite(labels).all())
    several = read.classes is not None and width == 1 and read.classes.max() > 1
    if loss.kind == "rows" and (numbers or several):
        raise ModelError(
            f"{model.name} with {loss.name} predicts numbers, not classes; diagnose takes classifiers, so give it the "
            "labels and loss of one"
        )


def _loss(model: keras.Model, loss: Any) -> Loss:
    """The loss that was given, or the one that the model was compiled with, and the weight that it has there."""
    compiled = model.get_compile_config() if model.compiled else {}
    if loss is None and model.compiled:
        loss = model.loss
    loss = _only(loss)
    if loss is None:
        raise SpecError(
            "loss is missing, and decides what a network can learn from; give loss='sparse_categorical_crossentropy' "
            "for class numbers, 'categorical_crossentropy' for one-hot rows, or the one you train with"
        )
    weight = _only(compiled.get("loss_weights"))
    return replace(read_loss(loss), weight=1.0 if weight is None else float(weight))


def _only(values: Any) -> Any:
    """Keras takes a list or a mapping, too, of what each output has; here there is one."""
    while isinstance(values, Mapping | list | tuple) and len(values) == 1:
        (values,) = values.values() if isinstance(values, Mapping) else values
    return values


def _history(history: Any) -> Mapping[str, tuple[float, ...]]:
    """What `fit` returned, or a mapping, or nothing, as a mapping; None counts as not a number."""
    if history is None:
        return {}
    values = getattr(history, "history", history)
    try:
        return {
            str(name): tuple(float("nan") if value is None else float(value) for value in _series(series))
            for name, series in values.items()
            if len(series)
        }
    except (AttributeError, TypeError, ValueError):
        raise SpecError(
            "history can't be read; give what fit() returned, or {'loss': [...], 'accuracy': [...]}"
        ) from None


def _series(values: Any) -> Any:
    if isinstance(values, str | Mapping):
        raise TypeError(f"{values!r} is no list of numbers")
    return values


def _optimizer(model: keras.Model, optimizer: Any, learning_rate: float | None) -> tuple[Any, float]:
    """The optimizer to rehearse with, and its learning rate."""
    is_number = isinstance(learning_rate, Real)
    if learning_rate is not None and not (is_number and math.isfinite(learning_rate) and learning_rate > 0):
        raise SpecError(f"learning_rate = {learning_rate!r} can't be used; give a number above 0")
    if optimizer is None:
        optimizer = model.optimizer if model.compiled else "adam"
    try:
        used = unwrapped(keras.optimizers.get(optimizer))
    except (ValueError, TypeError):
        raise SpecError(f"optimizer = {optimizer!r} is unknown; use one of Keras's, such as adam or sgd") from None
    rate = highest_rate(used) if learning_rate is None else learning_rate
    if not math.isfinite(rate):
        raise SpecError(f"the optimizer's learning rate is {rate}; give --learning-rate, or learning_rate=0.001")
    try:
        with_rate(used, rate)
    except (ValueError, TypeError, NotImplementedError):
        raise SpecError(
            f"optimizer = {type(used).__name__} can't be made again from its get_config; give --optimizer, or "
            "optimizer='adam'"
        ) from None
    return used, float(f"{rate:.6g}")  # 0.001 rather than its nearest float32


def _run_checks(evidence: Evidence, progress: Progress) -> tuple[tuple[Finding, ...], bool]:
    """All findings in order, and whether every check could run."""
    findings: list[Finding] = []
    complete = True
    with progress.task(f"diagnose {evidence.question.model.name}", total=len(CHECKS)) as task:
        for check in CHECKS:
            found = [] if check.of_beginnings and evidence.knows_most else list(check.find(evidence))
            findings += _at_most_slow(found) if check.of_beginnings and evidence.has_learned else found
            task.advance()
            if check.gate and any(finding.severity == "stops learning" for finding in found):
                complete = False
                break
    return ranked(findings), complete


def _runs_once_cured(evidence: Evidence) -> bool:
    """Whether all that keeps the network from running is what a cure can be tried of."""
    found = [finding for check in CHECKS if check.gate for finding in check.find(evidence)]
    return all(finding.kind in CURED_GATES for finding in found if finding.severity == "stops learning")


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Worst first, but no sign before its cause, and what a training came to behind whatever else was found."""
    found = in_order(without_signs(findings, SIGNS))
    causes = frozenset(finding.kind for finding in found) - OUTCOMES
    return after_causes(found, {**SIGNS, **dict.fromkeys(OUTCOMES, causes)})


def _at_most_slow(found: list[Finding]) -> list[Finding]:
    """Findings of a network that does better than chance, so that nothing has stopped it."""
    return [
        finding.model_copy(update={"severity": "slows learning"}) if finding.severity == "stops learning" else finding
        for finding in found
    ]


def _diagnosis(evidence: Evidence, findings: tuple[Finding, ...], complete: bool) -> Diagnosis:
    question = evidence.question
    unchecked: list[str] = []
    if not complete:
        unchecked.append("the layers, gradients and first steps: the network can't run on this data as it is")
    elif not evidence.steps:
        unchecked.append(
            "the first steps and the learning rate: for this network and image size a step costs more than the "
            "seconds that a diagnosis has; diagnose a smaller one of the same design too"
        )
    unchecked += question.left_out
    return Diagnosis(
        model=question.model.name,
        loss=question.loss.name,
        backend=keras.backend.backend(),
        examples=evidence.batch_size if complete else 0,
        optimizer=type(question.optimizer).__name__,
        learning_rate=question.learning_rate,
        findings=findings,
        layers=picture(evidence) if complete else (),
        losses=_finite(evidence.losses) if complete else (),
        penalties=_finite(evidence.penalties) if complete else (),
        unchecked=tuple(unchecked),
    )


def _finite(values: Sequence[float]) -> tuple[float | None, ...]:
    return tuple(value if math.isfinite(value) else None for value in values)
