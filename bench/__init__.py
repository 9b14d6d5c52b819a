"""Benchmarks compute as the product does."""

from harness.numerics import settle

settle()
