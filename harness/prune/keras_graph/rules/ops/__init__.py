"""How names flow through raw `keras.ops`: one file for each kind. Importing this package registers them all.

Private to the rules.
"""

from harness.prune.keras_graph.rules.ops import contraction, elementwise, indexing, reduction, shaping  # noqa: F401
