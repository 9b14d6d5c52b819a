"""Wrong labels, made on purpose."""

from __future__ import annotations

import numpy as np

from harness.data.dataset import Labels


def with_noise(labels: Labels, share: float, classes: Labels, seed: int) -> Labels:
    """Labels of which exactly this share, rounded, are another class, each other one of `classes` as likely.

    The generator is its own, so that neither the split nor the colors change with the noise.
    """
    generator = np.random.default_rng([seed, 1])
    wrong = generator.permutation(len(labels))[: round(share * len(labels))]
    noisy = labels.copy()
    others = np.searchsorted(classes, labels[wrong]) + generator.integers(1, len(classes), len(wrong))
    noisy[wrong] = classes[others % len(classes)]
    return noisy
