"""Content-addressed artifacts: a folder per key, written whole or not at all, locked while made, checked when read."""
