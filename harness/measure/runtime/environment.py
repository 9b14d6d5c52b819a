"""The machine and the software that a measurement ran on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

CGROUP = Path("/sys/fs/cgroup")


def usable_cpus() -> int:
    """How many CPUs this process may really use: its affinity, and the container's quota rounded up."""
    allowed = len(affinity())
    quota = cgroup_cpus()
    return allowed if quota is None else max(1, min(allowed, -int(-quota // 1)))


def affinity() -> list[int]:
    """The CPUs that this process may run on."""
    import psutil

    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        return list(process.cpu_affinity())
    return list(range(os.cpu_count() or 1))


def cgroup_cpus(root: Path = CGROUP) -> float | None:
    """The container's CPU quota in CPUs, for version 2 and 1 of Linux's control groups; None without a limit."""
    words = (_read(root / "cpu.max") or "").split()
    if not words:
        words = [_read(root / "cpu" / f"cpu.cfs_{part}_us") or "" for part in ("quota", "period")]
    try:
        quota, period = (int(word) for word in words)
    except ValueError:  # "max": no limit
        return None
    return quota / period if quota > 0 and period > 0 else None


def cgroup_memory_bytes(root: Path = CGROUP) -> int | None:
    """The container's memory limit; None without one."""
    text = _read(root / "memory.max") or _read(root / "memory" / "memory.limit_in_bytes") or ""
    limit = int(text) if text.isdigit() else None
    return limit if limit is not None and limit < 1 << 60 else None


def versions() -> dict[str, str | None]:
    """The packages that a measurement depends on, and Python."""
    packages = ("prune-harness", "onnxruntime-gpu", "onnxruntime", "numpy")
    return {name: _version(name) for name in packages} | {"python": platform.python_version()}


def describe() -> dict[str, Any]:
    """What a reader needs to judge a figure or to reproduce it. Unknown facts are None."""
    import psutil

    cpu = _cpuinfo()
    return {
        "versions": versions(),
        "platform": platform.platform(),
        "cpu": cpu.get("model name") or platform.processor() or platform.machine(),
        "cpu_flags": cpu_flags(),
        "cpus": os.cpu_count(),
        "affinity": affinity(),
        "cgroup_cpus": cgroup_cpus(),
        "cgroup_memory_bytes": cgroup_memory_bytes(),
        "memory_bytes": psutil.virtual_memory().total,
        "caches_bytes": caches_bytes(),
        "governor": _read(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
        "load_1_min": psutil.getloadavg()[0],
        "gpus": gpus(),
    }


def cpu_flags() -> list[str]:
    """The instruction set extensions of the first processor; empty where the system doesn't say."""
    cpu = _cpuinfo()
    return sorted(cpu.get("flags", cpu.get("Features", "")).split())


def caches_bytes(root: Path = Path("/sys/devices/system/cpu/cpu0/cache")) -> Mapping[str, int]:
    """The data caches that the first CPU sees, by level, such as `{"L1": 32768}`; empty where Linux doesn't say."""
    found = {}
    for index in sorted(root.glob("index*")):
        size, level, kind = (_read(index / name) for name in ("size", "level", "type"))
        if size and level and kind in ("Data", "Unified"):
            found[f"L{level}"] = int(size.rstrip("K")) * 1024
    return found


def gpus() -> list[dict[str, str]]:
    """NVIDIA's GPUs: name, driver, clocks, temperature and how many processes use each."""
    fields = (
        "name",
        "driver_version",
        "clocks.sm",
        "clocks.mem",
        "clocks.max.sm",
        "memory.total",
        "temperature.gpu",
        "persistence_mode",
        "uuid",
    )
    cards = [dict(zip(fields, line, strict=True)) for line in _nvidia(f"--query-gpu={','.join(fields)}")]
    users = [line[0] for line in _nvidia("--query-compute-apps=gpu_uuid,pid")]
    return [{**card, "processes": str(users.count(card["uuid"]))} for card in cards]


def _nvidia(query: str) -> list[list[str]]:
    """The rows that nvidia-smi answers; none where there is no such command."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    try:
        answer = subprocess.run(
            [command, query, "--format=csv,noheader"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [[word.strip() for word in line.split(",")] for line in answer.stdout.splitlines() if line.strip()]


def _cpuinfo() -> dict[str, str]:
    """The first processor's entry of /proc/cpuinfo; the brand string on macOS."""
    text = _read(Path("/proc/cpuinfo"))
    if text:
        entries = (line.split(":", 1) for line in text.split("\n\n")[0].splitlines() if ":" in line)
        return {key.strip(): value.strip() for key, value in entries}
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        return {"model name": answer.stdout.strip()}
    return {}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
