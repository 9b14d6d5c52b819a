"""What an ONNX file says of itself, as a bundle takes it over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.base.errors import BundleError, ModelError
from harness.base.shapes import agrees, channels_first
from harness.data import Dataset
from harness.measure.files.model_file import ModelFile
from harness.records import Metadata


def metadata_of(file: ModelFile) -> Metadata:
    """What a file's metadata say.

    Raises:
        BundleError: they can't be read.
    """
    try:
        return Metadata.of({entry.key: entry.value for entry in file.proto.metadata_props})
    except ModelError as error:
        raise BundleError(f"{file.path}: {error}") from None


def prepared(file: ModelFile, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the data, completed by the preprocessing that the file says it was made for.

    Raises:
        BundleError: an option contradicts it.
    """
    said = metadata_of(file).preprocessing
    own = {} if said is None else said.model_dump()
    for name, value in options.items():
        if name in own and own[name] != value:
            raise BundleError(f"{file.path}: says that it takes images of {name} = {own[name]}; leave out --{name}")
    return {**own, **options}


def described(file: ModelFile, stored: Dataset) -> dict[str, Any]:
    """What goes into the evidence as the file says it; `stored` are the examples as they were loaded."""
    said = metadata_of(file)
    sizes, wanted = stored.image_shape, (file.inputs[0].shape or ())[1:]
    first = len(sizes) == 3 and not agrees(sizes, wanted) and agrees(channels_first(sizes), wanted)
    return {
        "source": said.source,
        "labels": said.labels,
        "channels_first": first,
    }
