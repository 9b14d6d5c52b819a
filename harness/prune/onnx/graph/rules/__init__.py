"""One small function per operator: how names flow through it. Importing this package registers them all.

Private to `prune`; a user registers a rule of their own with `harness.prune.onnx_rule`.
"""

from harness.prune.onnx.graph.rules import (  # noqa: F401
    contraction,
    convolution,
    elementwise,
    indexing,
    joining,
    normalization,
    pooling,
    qlinear,
    quantization,
    recurrent,
    reduction,
    reshaping,
    resizing,
)
