"""What all records are: frozen, and read back only as they were written."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class Record(BaseModel):
    """A frozen result; reading one with unknown or missing fields is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __copy__(self) -> Self:
        """Without what was computed of it and kept: a copy may get other values."""
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


class GrownRecord(Record):
    """A record with fields that came later: those are written only where there is something to tell."""

    later: ClassVar[frozenset[str]] = frozenset()
    """Their names."""

    @model_serializer(mode="wrap")
    def _what_is_told(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in fields(self).items() if name not in self.later or value is not None}
