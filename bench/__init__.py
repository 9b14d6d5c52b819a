"""Benchmarks compute as the product does."""

from harness.base.numerics import settle

settle()
