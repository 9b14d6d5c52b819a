"""Networks on their way through the stages: built, loaded, judged and exported. Keras is imported when it is needed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.base.keras_import import import_keras
from harness.base.predicted import LOGIT
from harness.data import Dataset
from harness.measure.accuracy import judged, right
from harness.records import Accuracy, Export
from harness.spec import Case

if TYPE_CHECKING:
    from harness.export.other_process import Job


def model_options(case: Case, dataset: Dataset) -> dict[str, Any]:
    """The case's options, with image shape and class count taken from the data unless given."""
    return {"input_shape": list(dataset.image_shape), "n_class": dataset.n_class, **case.options}


def fresh_keras() -> ModuleType:
    """Keras, with its memory of earlier networks cleared, so that a long study doesn't grow."""
    keras = import_keras()
    keras.backend.clear_session()
    return keras


def load_keras(path: Path, unsafe: bool = False) -> Any:
    """A saved network; `unsafe` lets the code of its Lambda layers run."""
    return fresh_keras().models.load_model(path, compile=False, safe_mode=not unsafe)


@lru_cache(maxsize=1)
def original_keras(path: Path, unsafe: bool) -> Any:
    """A saved network that is only read, kept in memory while one variant after another is made of it."""
    return load_keras(path, unsafe)


def judged_in_keras(model: Any, dataset: Dataset) -> Accuracy:
    """Which test examples Keras itself gets right."""
    answers = right_in_keras(model, dataset.test_images, dataset.test_labels)
    return judged(answers, dataset.test_labels, device="keras")


def right_in_keras(model: Any, images: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the examples, (N, ...) and (N,), a network gets right: (N,)."""
    from harness.training.train import predict

    outputs = predict(model, images)
    threshold = LOGIT
    if outputs.shape[-1] == 1:
        from harness.prune.data.losses import threshold_for

        threshold = threshold_for(model)
    return right("Keras", outputs, labels, threshold)


def export_saved(job: Job) -> Export:
    """Export a saved network: here, or in a process of its own where Keras does not run on TensorFlow."""
    if import_keras().backend.backend() != "tensorflow":
        from harness.export.other_process import export_file

        return export_file(job)
    model = load_keras(job.source, job.unsafe)
    from harness.export import export

    return export(model, job.path, job.images, job.asked, metadata=job.metadata, labels=job.labels)
