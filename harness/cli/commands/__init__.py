"""One thin function for each command of the command line, a file each.

Private to `cli`; these and `app.py` alone print or exit.
"""
