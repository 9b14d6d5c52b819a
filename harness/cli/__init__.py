"""The command line: the only wing that prints or exits.

From outside: nothing but `harness/__main__.py`, which runs `app.main`.
"""
