"""One small function per layer type: how names flow through it. Importing this package registers them all."""

from harness.prune.rules import (  # noqa: F401
    contraction,
    convolution,
    dense,
    each_step,
    einsum,
    elementwise,
    merging,
    normalization,
    ops_elementwise,
    ops_indexing,
    ops_reduction,
    ops_shaping,
    pooling,
    shaping,
)
