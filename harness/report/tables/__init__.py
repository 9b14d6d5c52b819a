"""The report's tables, a file each, as text cells that HTML and Markdown both show (`table`).

Private to `report`.
"""
