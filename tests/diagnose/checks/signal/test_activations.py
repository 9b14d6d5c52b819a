"""Activations that grow for another reason."""

from __future__ import annotations

import keras

from tests.diagnose.cases.case import SPARSE, L, ask, chain, digits


def test_what_a_rate_made_explode_is_the_rate() -> None:
    """The initial weights were fine, and a tenth of the steps goes down."""
    keras.utils.set_random_seed(1)  # before the layers, whose initializers draw their seeds when they are made
    layers = [L.Flatten(), L.Dense(32, "leaky_relu"), L.Dense(32, "leaky_relu"), L.Dense(10, "softmax")]
    model = chain(*layers)
    model.compile(optimizer=keras.optimizers.Adam(3.0), loss=SPARSE, jit_compile=False)
    model.fit(digits().train_images, digits().train_labels, batch_size=32, epochs=2, verbose=0)
    kinds = ask(model, loss=None).diagnose().kinds()
    assert kinds[0] == "learning-rate-high"
    assert "activations-explode" not in kinds
