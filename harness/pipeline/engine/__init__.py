"""Where a study's work is done: in this process or in others of this machine. The stages don't know.

From outside: `engine`, and `place.opened`, which starts what `--on` names.
"""
