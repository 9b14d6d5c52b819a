"""One small function per layer type: how names flow through it. Importing this package registers them all."""

from harness.prune.rules import (  # noqa: F401
    convolution,
    dense,
    elementwise,
    normalization,
    pooling,
    shaping,
)
