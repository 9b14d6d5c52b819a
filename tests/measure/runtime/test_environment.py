"""The machine's facts, from files as Linux writes them, and from this machine."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.measure.runtime import environment


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({"cpu.max": "150000 100000"}, 1.5),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2.0),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({}, None),
    ],
)
def test_a_container_s_quota_in_both_versions_of_control_groups(
    tmp_path: Path, files: dict[str, str], cpus: float | None
) -> None:
    assert environment.cgroup_cpus(write(tmp_path, files)) == cpus


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"memory.max": "1073741824"}, 1 << 30),
        ({"memory.max": "max"}, None),
        ({"memory/memory.limit_in_bytes": "1073741824"}, 1 << 30),
        ({"memory/memory.limit_in_bytes": "9223372036854771712"}, None),
        ({}, None),
    ],
)
def test_a_container_s_memory_limit(tmp_path: Path, files: dict[str, str], limit: int | None) -> None:
    assert environment.cgroup_memory_bytes(write(tmp_path, files)) == limit


def test_caches_are_those_that_hold_data(tmp_path: Path) -> None:
    files = {
        "index0/size": "32K",
        "index0/level": "1",
        "index0/type": "Data",
        "index1/size": "64K",
        "index1/level": "1",
        "index1/type": "Instruction",
        "index2/size": "1024K",
        "index2/level": "2",
        "index2/type": "Unified",
    }
    assert environment.caches_bytes(write(tmp_path, files)) == {"L1": 32768, "L2": 1 << 20}


def test_usable_cpus_are_the_smaller_of_affinity_and_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "affinity", lambda: [0, 1, 2, 3])
    for quota, usable in ((None, 4), (1.5, 2), (0.3, 1), (8.0, 4)):
        monkeypatch.setattr(environment, "cgroup_cpus", lambda quota=quota: quota)
        assert environment.usable_cpus() == usable


def test_this_machine_is_described_as_plain_json() -> None:
    described = environment.describe()
    assert json.loads(json.dumps(described)) == described
    assert described["versions"]["numpy"]
    assert 1 <= len(described["affinity"]) <= (os.cpu_count() or 1)
    assert environment.usable_cpus() >= 1


def test_a_gpu_s_line_is_read_field_by_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in program prints what NVIDIA's prints: there may be no GPU here."""
    program = tmp_path / "nvidia-smi"
    program.write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        "--query-gpu*) echo 'NVIDIA X, 580.1, 1200 MHz, 2600 MHz, 1980 MHz, 81559 MiB, 31, Enabled, GPU-1';;\n"
        "*) echo 'GPU-1, 4242';;\n"
        "esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    (gpu,) = environment.gpus()
    assert (gpu["name"], gpu["driver_version"], gpu["clocks.sm"]) == ("NVIDIA X", "580.1", "1200 MHz")
    assert gpu["processes"] == "1"
