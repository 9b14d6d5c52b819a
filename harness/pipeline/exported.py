"""What a study's ONNX files are written from, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.base.store import Artifact
from harness.data import Dataset
from harness.pipeline.networks import export_saved
from harness.records import Export, Metadata, Preprocessing, Pruning
from harness.spec import Case, ExportSpec


@dataclass(frozen=True)
class Exporting:
    """A network in the store, the data that its file is compared on, and how the file is to be."""

    case: Case
    source: Artifact
    dataset: Dataset
    asked: ExportSpec
    unsafe: bool

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What identifies the file."""
        return {
            "keras": self.source.key,
            "data": self.dataset.digest,
            "asked": self.asked.model_dump(mode="json"),
            "preprocessing": Preprocessing.of(self.case.data).model_dump(mode="json"),
        }

    def run(self, path: Path) -> Export:
        """Write the file, in agreement with Keras on the whole test set.

        Raises:
            ExportError, ParityError: it can't be exported, or does not compute what Keras computes.
        """
        from harness.export.other_process import Job

        job = Job(
            source=self.source.path("model.keras"),
            path=path,
            images=self.dataset.test_images,
            asked=self.asked,
            metadata=self._metadata(),
            labels=self.dataset.test_labels,
            unsafe=self.unsafe,
        )
        return export_saved(job)

    def _metadata(self) -> Metadata:
        pruned = self.source.path("pruning.json").is_file()
        return Metadata(
            source=self.source.key,
            plan=self.source.record("pruning.json", Pruning).plan if pruned else None,
            labels=self.dataset.class_names,
            preprocessing=Preprocessing.of(self.case.data),
        )
