"""An artifact that was made before, or is made now: by the engine, wherever that has it done."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.base.errors import EngineError
from harness.base.store import Artifact, Store, digest, disk_errors
from harness.base.store.store import unheard
from harness.pipeline.engine.engine import Engine, Job


@dataclass(frozen=True)
class Maker:
    """Looks into the store first. `made` is told how many seconds the making took; nothing of what was found."""

    store: Store
    engine: Engine
    made: Callable[[float], None]

    def get(
        self, stage: str, inputs: Mapping[str, Any], make: Callable[[Path], None], job: Job | None = None
    ) -> Artifact:
        """The artifact of these inputs; where it is missing, `make` fills it in this process, or the job elsewhere.

        Raises:
            EngineError: the process that did the job has other packages than this one, or another store.
        """
        with disk_errors(self.store.root):
            found = replace(self.store, notice=unheard).find(stage, inputs)  # who makes it again says why
        if found is not None:
            return found
        started = time.perf_counter()
        here = partial(self.store.get, stage, inputs, make)
        if job is None:
            artifact = here()
        else:
            key = digest({"stage": stage, "inputs": inputs})
            artifact = self.engine.do(replace(job, key=key), here)
            if artifact.key != key:
                raise EngineError(f"{stage} ran with other packages than this process; did they change? run it again")
            if not self.engine.shares_disk:
                artifact = self._arrived(stage, inputs)
        self.made(time.perf_counter() - started)
        return artifact

    def _arrived(self, stage: str, inputs: Mapping[str, Any]) -> Artifact:
        """What another machine made, from the store."""
        found = self.store.find(stage, inputs)
        if found is None:
            raise EngineError(
                f"{self.store.place.address}: has no {stage} that another machine has just made; give every machine "
                "the same store, such as --store s3://BUCKET/FOLDER"
            )
        return found
