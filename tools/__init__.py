"""Tools beside harness that need more than Python."""
