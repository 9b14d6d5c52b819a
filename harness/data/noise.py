"""Wrong labels, made on purpose."""

from __future__ import annotations

import numpy as np

from harness.data.dataset import Labels


def with_noise(labels: Labels, share: float, n_class: int, seed: int) -> Labels:
    """Labels of which exactly this share, rounded, are another class, each other class as likely.

    The generator is its own, so that neither the split nor the colors change with the noise.
    """
    generator = np.random.default_rng([seed, 1])
    wrong = generator.permutation(len(labels))[: round(share * len(labels))]
    noisy = labels.copy()
    noisy[wrong] = (labels[wrong] + generator.integers(1, n_class, len(wrong))) % n_class
    return noisy
