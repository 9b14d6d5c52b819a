"""`harness doctor`: what this machine can run."""

from __future__ import annotations

from harness.cli.options import JsonFlag
from harness.cli.terminal import print_json, print_lines, print_list


def doctor(as_json: JsonFlag = False) -> None:
    """Say what this machine can run, and what is wrong with it."""
    from harness.measure.runtime.doctor import examine

    found = examine()
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    environment = found.environment
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items() if version)
    lines = [
        f"onnxruntime really runs on: {', '.join(found.devices)}",
        f"{environment['cpu']}, {len(environment['affinity'])} CPUs allowed; {versions}",
        *(f"{gpu['name']}, driver {gpu['driver_version']}" for gpu in environment["gpus"]),
    ]
    print_lines(*lines)
    print_list(found.problems)
