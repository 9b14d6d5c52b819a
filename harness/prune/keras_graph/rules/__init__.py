"""One small function per layer type: how names flow through it. Importing this package registers them all.

Private to `prune`; a user registers a rule of their own with `harness.prune.rule`.
"""

from harness.prune.keras_graph.rules import (  # noqa: F401
    contraction,
    convolution,
    dense,
    each_step,
    einsum_dense,
    elementwise,
    merging,
    normalization,
    ops,
    pooling,
    shaping,
)
