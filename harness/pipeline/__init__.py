"""The road from a study to its results, each stage an artifact in the store.

From outside: `run` alone.
"""
