"""Kernels behind pruned channels, solved again in closed form on unlabelled examples, without training.

From outside: `reconstructing`; the rest is private.
"""
