"""Import Keras, settled in how it computes.

The lines that TensorFlow's C++ libraries write to stderr before any logging can be set are kept back.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from types import ModuleType

from harness.base import garbage
from harness.base.numerics import settle


def import_keras() -> ModuleType:
    """The keras module. What is written to stderr during the import is shown only where the import fails."""
    if "keras" in sys.modules:
        return sys.modules["keras"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    settle()
    sys.stderr.flush()
    shown = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            import keras  # noqa: F401
        except BaseException:
            hidden.seek(0)
            os.write(shown, hidden.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)
    for name in ("tensorflow", "absl"):  # retracing, once a network that is trained; metrics of an HDF5 file
        logging.getLogger(name).setLevel(logging.ERROR)
    garbage.leave_what_is_imported()
    return sys.modules["keras"]
