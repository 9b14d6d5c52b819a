"""How names flow through raw `keras.ops`: one file for each kind. Importing this package registers them all.

Private to the rules.
"""

from harness.prune.keras_graph.rules.keras_ops import (  # noqa: F401
    contraction,
    elementwise,
    indexing,
    reduction,
    reshaping,
)
