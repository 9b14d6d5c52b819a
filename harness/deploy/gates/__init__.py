"""What becomes of each gate: by launches and processes (`looks`, `measuring`), by examples and the file (`judged`).

Private to `deploy`.
"""
