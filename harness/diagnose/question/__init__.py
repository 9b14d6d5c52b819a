"""What a user wants diagnosed: the model, its data, its loss and its optimizer, checked as far as they must be.

Private to `diagnose`.
"""
