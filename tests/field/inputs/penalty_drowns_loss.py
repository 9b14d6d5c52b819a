"""A sound CNN on easy gratings, with l2(1.0) on every kernel: the penalty is all the optimizer sees."""

import json
from pathlib import Path

import keras
import numpy as np

L = keras.layers
keras.utils.set_random_seed(112)
rng = np.random.default_rng(12)
n = 800
labels = np.arange(n) % 4
yy, xx = np.mgrid[:20, :20]
images = np.empty((n, 20, 20), np.uint8)
for i, k in enumerate(labels):
    wave = np.sin([xx, yy, xx + yy, xx - yy][int(k)] * 0.9 + rng.uniform(0, 6.28))
    images[i] = np.clip(128 + 80 * wave + rng.normal(0, 25, (20, 20)), 0, 255)
np.savez_compressed("data.npz", images=images, labels=labels)


def build(strength):
    keras.utils.set_random_seed(112)
    r = keras.regularizers.L2(strength) if strength else None
    m = keras.Sequential(
        [
            keras.Input((20, 20, 1)),
            L.Conv2D(16, 3, activation="relu", kernel_regularizer=r, name="conv_1"),
            L.MaxPooling2D(),
            L.Conv2D(32, 3, activation="relu", kernel_regularizer=r, name="conv_2"),
            L.MaxPooling2D(),
            L.Flatten(),
            L.Dense(25, activation="relu", kernel_regularizer=r, name="hidden"),
            L.Dense(4, activation="softmax", kernel_regularizer=r, name="classes"),
        ]
    )
    m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return m


model = build(1.0)
model.save("model.keras")  # fresh
x = images[..., None] / 255.0
history = model.fit(x, labels, epochs=8, batch_size=32, verbose=0).history
Path("history.json").write_text(json.dumps({k: [float(a) for a in v] for k, v in history.items()}))
model.save("trained.keras")
