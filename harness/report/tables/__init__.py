"""The report's tables, as text cells that HTML and Markdown both show.

Private to `report`.
"""
