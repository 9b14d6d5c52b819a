"""What is known of a network of which widths are chosen by latency, be it a Keras model or an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from harness.channels.allocate import Scores
from harness.channels.channels import Group
from harness.channels.removal import Removal
from harness.measure.latency.sizes import Sizes
from harness.prune.choose.planning import Named
from harness.spec import Importance


class Network(Named, Protocol):
    """A network whose channels are named, and that can be had as an ONNX file of any widths."""

    def kernels(self) -> str:
        """Identifies all that decides which kernels run at which widths: the architecture, whatever its weights are."""

    def free(self) -> dict[int, Group]:
        """The groups that can lose channels, by their number.

        Raises:
            PruneError: weights are not finite, or there is no such group.
        """

    def scores(self, free: Mapping[int, Group], importance: Importance) -> dict[int, Scores]:
        """The importance of the channels of each of these groups: float64 (channels,).

        Raises:
            PruneError: the importance needs data that was not given, or is not finite on it.
        """

    def whole(self, folder: Path) -> Path:
        """Its ONNX file as it is; where there is none, it is written into the folder.

        Raises:
            ExportError, ParityError: it can't be exported, or the file does not compute what the network computes.
        """

    def write(self, removal: Removal, path: Path) -> None:
        """Write the ONNX file without the removed channels.

        Raises:
            ExportError, ParityError: as `whole` does.
        """

    def sizes(self, free: Sequence[int], whole: Path | None = None) -> Sizes:
        """Its ONNX file at any widths of these groups; `whole` is the one at full widths, where there is one already.

        Raises:
            ExportError: it can't be exported.
            MeasureError: the file's lengths don't follow the widths.
        """
