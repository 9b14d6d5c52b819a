"""All checks of this machine."""

from __future__ import annotations

from pathlib import Path

from harness.base.progress import Progress, Silent
from harness.doctor.check import Checkup


def examine(store: str | Path, progress: Progress | None = None) -> Checkup:
    """Look at this machine, with `store` as the place of finished stages.

    An execution provider counts as a device only where a convolution was seen to run on it.
    """
    from harness.doctor.datasets import data_checks
    from harness.doctor.disk import disk_checks
    from harness.doctor.numerics import numerics_checks
    from harness.doctor.packages import package_checks
    from harness.doctor.processor import processor_checks
    from harness.doctor.providers import provider_checks, tried_all
    from harness.measure.runtime.environment import describe

    environment = describe()
    trials = tried_all(progress or Silent())
    return Checkup(
        environment=environment,
        devices=tuple(trial.device for trial in trials if trial.runs),
        checks=(
            *package_checks(),
            *provider_checks(trials, environment["gpus"]),
            *processor_checks(environment),
            *numerics_checks(environment["cpu_flags"]),
            *disk_checks(store),
            *data_checks(),
        ),
    )
