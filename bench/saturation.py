"""How saturated the captcha network is before its first step: `python -m bench.saturation`, a table for docs/cases.md.

For the arms of bench/studies/same-padding.toml with raw pixels: the share of the training images whose right class has
a probability below 1e-7, where Keras clips it, in fresh networks of every seed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import models
from harness.base.keras_import import import_keras
from harness.cli.terminal import print_lines
from harness.data import load
from harness.spec import Case, read_study
from harness.training.train import predict

STUDY = Path(__file__).parent / "studies" / "same-padding.toml"
CLIPPED = 1e-7


def clipped_share(case: Case) -> float:
    """The share for one seed."""
    keras = import_keras()
    keras.backend.clear_session()
    keras.utils.set_random_seed(case.seed)
    data = load(case.data)
    model = models.build(case.model_name, **{**case.options, "reshape": "before_softmax"})
    probabilities = predict(model, data.train_images)[:, 0]
    return float((probabilities[np.arange(len(data.train_labels)), data.train_labels] < CLIPPED).mean())


def main() -> None:
    arms: dict[str, list[Case]] = {}
    for case in read_study(STUDY).cases():
        if case.data.scale == "raw" and case.options["reshape"] == "after_softmax":
            arms.setdefault(case.network, []).append(case)
    for network, cases in arms.items():
        shares = [clipped_share(case) for case in cases]
        print_lines(f"{np.mean(shares):.2f}  ({min(shares):.2f} to {max(shares):.2f})  {network}")


if __name__ == "__main__":
    main()
