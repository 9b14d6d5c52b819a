"""How names flow through raw `keras.ops`: one file for each kind.

Private to the rules.
"""
