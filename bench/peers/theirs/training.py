"""One epoch in PyTorch, as Keras trains: cross-entropy in batches, in an order of the seed's, by Adam or by Muon."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

WARM_UP = 0.05  # of all steps: as harness does
EPSILON = 1e-7  # Adam's, in Keras
DECAY = 0.004  # of weights by Muon and its AdamW, in Keras


@dataclass(frozen=True)
class Epoch:
    """How it is trained: at a constant rate, or with a cosine to nothing."""

    batch_size: int
    learning_rate: float
    cosine: bool
    seed: int
    muon: bool = False


def train(network: nn.Module, images: torch.Tensor, labels: torch.Tensor, epoch: Epoch) -> None:
    """Train in place, once over all `images` (N, 1, 28, 28) and `labels` (N,)."""
    torch.manual_seed(epoch.seed)
    network.train()
    optimizers = _optimizers(network, epoch)
    batches = torch.randperm(len(images)).split(epoch.batch_size)
    for step, chosen in enumerate(batches):
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["lr"] = epoch.learning_rate * (_cosine(step, len(batches)) if epoch.cosine else 1.0)
        network.zero_grad()
        nn.functional.cross_entropy(network(images[chosen]), labels[chosen]).backward()
        for optimizer in optimizers:
            optimizer.step()


def _optimizers(network: nn.Module, epoch: Epoch) -> list[torch.optim.Optimizer]:
    """Adam; or Muon for the kernels of Linear layers but the last, and AdamW for the rest, as harness has it."""
    rate = epoch.learning_rate
    if not epoch.muon:
        return [torch.optim.Adam(network.parameters(), lr=rate, eps=EPSILON)]
    matrices = [layer.weight for layer in network.modules() if isinstance(layer, nn.Linear)][:-1]
    rest = [each for each in network.parameters() if all(each is not matrix for matrix in matrices)]
    return [
        torch.optim.Muon(matrices, lr=rate, weight_decay=DECAY, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=rate, weight_decay=DECAY, eps=EPSILON),
    ]


def _cosine(step: int, steps: int) -> float:
    warm = round(WARM_UP * steps)
    if step < warm:
        return step / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))
