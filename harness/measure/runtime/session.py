"""ONNX Runtime sessions with every condition set explicitly. Needs onnxruntime and NumPy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.measure.runtime.words import plain

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
QUIET = 4  # onnxruntime's severity "fatal": its warnings on stderr are no message to a user


@dataclass(frozen=True)
class SessionSettings:
    """The conditions of a session. `device` is `cpu` or `cuda`; `optimization` none, basic, extended or all.

    `shared_pool` takes the threads from the one pool that `share_threads` made for the process.
    """

    device: str = "cpu"
    threads: int = 1
    inter_op_threads: int = 1
    spinning: bool = True
    optimization: str = "all"
    provider_options: Mapping[str, str] = field(default_factory=dict)
    shared_pool: bool = False


def open_session(
    path: Path | str,
    settings: SessionSettings,
    *,
    profile: str | None = None,
    optimized: str | None = None,
    cuda_graph: bool = False,
) -> Any:
    """An InferenceSession on `settings.device`; `profile` is the prefix of a profile to write.

    The graph that runs is written to the file `optimized`, where there is one.

    With `cuda`, onnxruntime still falls back to the CPU silently: see placement.py for the proof that it did not.
    """
    onnxruntime = load_runtime()
    options = session_options(settings)
    if profile is not None:
        options.enable_profiling = True
        options.profile_file_prefix = profile
    if optimized is not None:
        options.optimized_model_filepath = optimized
    if settings.device == "cpu":
        return onnxruntime.InferenceSession(str(path), options, providers=[CPU], enable_fallback=0)
    preload_cuda_libraries()
    provider_options = {key: str(value) for key, value in settings.provider_options.items()}
    if cuda_graph:
        provider_options["enable_cuda_graph"] = "1"
    providers = [(CUDA, provider_options), CPU]
    return onnxruntime.InferenceSession(str(path), options, providers=providers, enable_fallback=0)


def reason(error: BaseException) -> str:
    """What onnxruntime says went wrong, on one line of plain words."""
    return plain(str(error)) or type(error).__name__


def load_runtime() -> Any:
    """The onnxruntime module, silenced. Its import takes a while, so it waits until it is needed."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(QUIET)
    return onnxruntime


def share_threads(settings: SessionSettings) -> SessionSettings:
    """Make one pool of threads for all sessions of this process, where several sessions would disturb each other.

    The threads of a session's own pool spin for tens of milliseconds after its run, and so take the cores from the
    session that is timed next. To be called once, before the first session.
    """
    if not settings.spinning or (settings.threads == 1 and settings.inter_op_threads == 1):
        return settings
    load_runtime().set_global_thread_pool_sizes(settings.threads, settings.inter_op_threads)
    return replace(settings, shared_pool=True)


def session_options(settings: SessionSettings) -> Any:
    """SessionOptions for `settings`: one pool of the threads asked for, never one sized by the host's cores."""
    onnxruntime = load_runtime()
    levels = onnxruntime.GraphOptimizationLevel
    options = onnxruntime.SessionOptions()
    options.log_severity_level = QUIET
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = settings.inter_op_threads
    options.use_per_session_threads = not settings.shared_pool
    if settings.inter_op_threads > 1:
        options.execution_mode = onnxruntime.ExecutionMode.ORT_PARALLEL
    options.graph_optimization_level = {
        "none": levels.ORT_DISABLE_ALL,
        "basic": levels.ORT_ENABLE_BASIC,
        "extended": levels.ORT_ENABLE_EXTENDED,
        "all": levels.ORT_ENABLE_ALL,
    }[settings.optimization]
    spin = "1" if settings.spinning else "0"
    options.add_session_config_entry("session.intra_op.allow_spinning", spin)
    options.add_session_config_entry("session.inter_op.allow_spinning", spin)
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    return options


def preload_cuda_libraries() -> None:
    """Load CUDA's and cuDNN's libraries from Python packages where there are any; silent where there are none."""
    import contextlib
    import io

    onnxruntime = load_runtime()
    with contextlib.redirect_stdout(io.StringIO()):
        onnxruntime.preload_dlls()
