"""What a Keras network costs at any widths, on this machine: its files, timed and kept.

From outside: the wings of `prune` below the command; nothing else.
"""
