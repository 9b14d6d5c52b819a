"""The process that runs a small model on one of onnxruntime's providers: `python -m harness.doctor.trying NAME`.

It says as JSON on stdout which providers ran a kernel. It is a process of its own, since native code may crash.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from harness.base.crash import scratch


def ran_on(provider: str) -> list[str]:
    """The providers that ran a kernel of a small convolution, when this one was asked for."""
    import numpy as np

    from harness.measure.runtime.session import CPU, SessionSettings, load_runtime, session_options
    from harness.measure.runtime.session import preload_cuda_libraries as preload
    from harness.measure.runtime.usable import small_convolution

    runtime: Any = load_runtime()
    if provider != CPU:
        preload()
    with scratch() as folder:
        options = session_options(SessionSettings())
        options.enable_profiling = True
        options.profile_file_prefix = str(folder / "run")
        path = small_convolution(folder / "convolution.onnx")
        asked = list(dict.fromkeys((provider, CPU)))
        session = runtime.InferenceSession(str(path), options, providers=asked, enable_fallback=0)
        session.run(None, {"input": np.ones((1, 3, 8, 8), np.float32)})
        events = json.loads(Path(session.end_profiling()).read_text())
    return sorted({event["args"]["provider"] for event in events if event.get("args", {}).get("provider")})


if __name__ == "__main__":
    from harness.measure.runtime.session import reason

    try:
        answer: dict[str, Any] = {"ran": ran_on(sys.argv[1])}
    except Exception as error:  # onnxruntime raises many kinds
        answer = {"error": reason(error)}
    sys.stdout.write(json.dumps(answer))
