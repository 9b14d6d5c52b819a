"""BatchNormalization after few steps: learns while training, guesses in inference, on the very same images."""

import json
from pathlib import Path

import keras
import numpy as np

L = keras.layers
keras.utils.set_random_seed(113)
rng = np.random.default_rng(13)
n, side = 64, 48
labels = np.arange(n) % 2
yy, xx = np.mgrid[:side, :side]
images = np.empty((n, side, side, 3), np.uint8)
for i, k in enumerate(labels):
    cx, cy, r = rng.uniform(16, 32), rng.uniform(16, 32), rng.uniform(8, 14)
    shape = (np.hypot(xx - cx, yy - cy) < r) if k else (np.maximum(abs(xx - cx), abs(yy - cy)) < r)
    thing = np.where(shape, rng.uniform(170, 200), 225) + (
        12 * np.sin(xx * 1.2) * shape if k else 12 * np.sin(yy * 1.2) * shape
    )
    images[i] = np.clip(thing[..., None] + rng.normal(0, 2, (side, side, 3)), 0, 255)
np.savez_compressed("data.npz", images=images, labels=labels)
model = keras.Sequential(
    [
        keras.Input((side, side, 3)),
        L.Conv2D(5, 4, strides=2, padding="same", name="conv_1"),
        L.LeakyReLU(negative_slope=0.2),
        L.Conv2D(10, 4, strides=2, padding="same", name="conv_2"),
        L.BatchNormalization(name="norm"),
        L.LeakyReLU(negative_slope=0.2),
        L.Flatten(),
        L.Dense(1, activation="sigmoid", name="lamp"),
    ]
)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
x = images / 255.0
history = model.fit(x, labels, batch_size=8, epochs=5, verbose=0).history
Path("history.json").write_text(json.dumps({k: [float(a) for a in v] for k, v in history.items()}))
model.save("model.keras")
