"""What can go wrong with channels: an error of this wing's own, since it knows nothing of the others."""

from __future__ import annotations


class ChannelError(ValueError):
    """Channels can't be removed as asked. The message is one line and says what to do."""


class UnaffordableError(ChannelError):
    """No widths on offer are within the budgets."""
