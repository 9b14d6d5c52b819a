"""What all records are: frozen, and read back only as they were written."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen result; reading one with unknown or missing fields is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
