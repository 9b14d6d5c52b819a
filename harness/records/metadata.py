"""What an ONNX file says of itself, in its metadata_props: where it comes from, and what it is for."""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from harness.base.errors import ModelError
from harness.records.pruning import ChannelPlan
from harness.records.record import Record
from harness.spec import DataSpec

PREFIX = "harness."
PLAIN = ("source", "twin_of")  # texts as they are; all else is JSON

Size = Annotated[int, Field(ge=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Preprocessing(Record):
    """What becomes of stored images before the network sees them; the fields are those of a DataSpec.

    `scale` is `unit` (pixels divided by 255) or `raw`, `resize` is (height, width) in pixels.
    """

    scale: Literal["unit", "raw"]
    resize: tuple[Size, Size] | None = None
    rgb: bool = False
    color: bool = False

    @classmethod
    def of(cls, data: DataSpec) -> Preprocessing:
        """As the data of a study or a command is prepared."""
        return cls(**{name: getattr(data, name) for name in cls.model_fields})


class TestAccuracy(Record):
    """How many of the test examples were answered right."""

    __test__ = False  # it is no test, whatever pytest thinks of its name

    hits: Annotated[int, Field(ge=0)]
    examples: Size


class Metadata(Record):
    """What an ONNX file says of itself; None or empty where it says nothing.

    `source` is the SHA-256 of what it was made from: a model's file, or in a study the artifact in the store. `plan` is
    what was pruned, `versions` those of the packages that wrote it, `accuracy` on the test examples. `labels` are the
    classes in order. `twin_of` is the dtype policy of a network of which this is the float32 twin.
    """

    source: Sha256 | None = None
    plan: ChannelPlan | None = None
    versions: Mapping[str, str] = {}
    accuracy: TestAccuracy | None = None
    labels: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None
    twin_of: str | None = None

    def write_into(self, props: MutableMapping[str, str]) -> None:
        """Say this in a file's metadata_props, in place of what was said of it before; other entries stay."""
        for name in type(self).model_fields:
            props.pop(PREFIX + name, None)
        for name, value in self.model_dump(mode="json").items():
            if value not in (None, [], {}):
                props[PREFIX + name] = value if name in PLAIN else _json(value)

    @classmethod
    def of(cls, props: Mapping[str, str]) -> Metadata:
        """What a file's metadata_props say.

        Raises:
            ModelError: an entry is not as it was written.
        """
        values: dict[str, Any] = {}
        for name in cls.model_fields:
            text = props.get(PREFIX + name)
            if text is None:
                continue
            try:
                values[name] = text if name in PLAIN else json.loads(text)
                cls.model_validate({name: values[name]})
            except (ValueError, RecursionError, ValidationError):
                raise ModelError(
                    f"its metadata '{PREFIX}{name}' can't be read; export the model again, or remove that entry"
                ) from None
        return cls.model_validate(values)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
