"""One epoch in PyTorch, as Keras trains the original: Adam and cross-entropy in batches, in an order of the seed's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

WARM_UP = 0.05  # of all steps: as harness does
EPSILON = 1e-7  # Adam's, in Keras


@dataclass(frozen=True)
class Epoch:
    """How it is trained: at a constant rate, or with a cosine to nothing."""

    batch_size: int
    learning_rate: float
    cosine: bool
    seed: int


def train(network: nn.Module, images: torch.Tensor, labels: torch.Tensor, epoch: Epoch) -> None:
    """Train in place, once over all `images` (N, 1, 28, 28) and `labels` (N,)."""
    torch.manual_seed(epoch.seed)
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), lr=epoch.learning_rate, eps=EPSILON)
    batches = torch.randperm(len(images)).split(epoch.batch_size)
    for step, chosen in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = epoch.learning_rate * (_cosine(step, len(batches)) if epoch.cosine else 1.0)
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(images[chosen]), labels[chosen]).backward()
        optimizer.step()


def _cosine(step: int, steps: int) -> float:
    warm = round(WARM_UP * steps)
    if step < warm:
        return step / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))
