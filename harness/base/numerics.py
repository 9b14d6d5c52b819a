"""How TensorFlow computes on a CPU: the same way on every CPU, as far as that can be had.

Left alone, TensorFlow chooses its kernels by the CPU's instructions and splits its sums by the number of cores, so the
same study with the same seed gives other weights on another machine. Three settings take those choices away; they have
to be in the environment before TensorFlow is imported, and whoever sets them otherwise is left to it. What they cost
and what they give is in `docs/decisions/tensorflow-numerics.md`.
"""

from __future__ import annotations

import os
import sys

SETTINGS = {
    "TF_ENABLE_ONEDNN_OPTS": "0",  # turned on by itself on CPUs with VNNI; some of its poolings die of SIGFPE
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # TensorFlow's matrix products come from oneDNN even where the rest of it is off
    "TF_NUM_INTRAOP_THREADS": "8",  # into how many parts a sum is split, on one core as on many
}


def settle() -> dict[str, str | None]:
    """Set what is not set, unless TensorFlow has been imported, which no longer looks.

    Returns:
        What holds, for the record of what is computed with it; None where TensorFlow decides by the machine.
    """
    # Who turns oneDNN on gets all of it: limited to AVX2 it has no convolution of bfloat16, and nothing else steps in.
    chosen = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "0") != "0"
    if "tensorflow" not in sys.modules and not chosen:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
    return {name: os.environ.get(name) for name in SETTINGS}
