"""Graph clean-up, one transformation a file; each says what it requires and what it ensures; `clean` has them in order.

Private to `export`.
"""
