"""A Conv1D network on windows of 10x4 standardized values, one output behind a Softmax; and the same with Conv2D."""

import keras
import numpy as np

L = keras.layers
rng = np.random.default_rng(15)
n = 600
labels = (rng.random(n) < 0.62).astype(np.int64)
t = np.arange(10)[:, None]
x = np.empty((n, 10, 4), np.float32)
for i, k in enumerate(labels):
    x[i] = rng.normal(0, 1) + (0.25 if k else -0.25) * (t - 4.5) + rng.normal(0, 0.5, (10, 4))
x = (x - x.mean()) / x.std()
np.savez_compressed("data.npz", images=x, labels=labels)


def body(conv, shape, size):
    keras.utils.set_random_seed(115)
    m = keras.Sequential(
        [
            keras.Input(shape),
            conv(16, size, padding="same"),
            L.BatchNormalization(),
            L.LeakyReLU(),
            L.Dropout(0.2),
            conv(8, size, padding="same"),
            L.BatchNormalization(),
            L.LeakyReLU(),
            L.Dropout(0.2),
            L.Flatten(),
            L.Dense(64),
            L.BatchNormalization(),
            L.LeakyReLU(),
            L.Dense(1, name="score"),
            L.Activation("softmax", name="probability"),
        ]
    )
    m.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return m


body(L.Conv1D, (10, 4), 4).save("model.keras")
body(L.Conv2D, (10, 4, 1), (4, 1)).save("model_2d.keras")
