"""TimeDistributed as two reshapes, between which its layer runs on every step as if it were an example.

In inference that is the same, since then no layer looks at more than one example.
"""

from __future__ import annotations

from typing import Any

from keras import ops


class EachStep:
    """Sequences (N, steps, ...) as single steps (N * steps, ...)."""

    name = "fold"

    def __call__(self, x: Any) -> Any:
        """Take sequences apart."""
        return ops.reshape(x, (-1, *ops.shape(x)[2:]))


class Together:
    """What became of single steps (N * steps, ...) as sequences (N, steps, ...), as many steps as `whole` has."""

    name = "unfold"

    def __call__(self, x: Any, whole: Any) -> Any:
        """Put sequences together again."""
        return ops.reshape(x, (-1, ops.shape(whole)[1], *ops.shape(x)[1:]))
