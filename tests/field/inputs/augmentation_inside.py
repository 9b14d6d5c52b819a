"""A classifier that carries its data augmentation as layers; trained for a moment on gratings."""

import keras
import numpy as np

L = keras.layers
keras.utils.set_random_seed(106)
rng = np.random.default_rng(6)
n, side = 300, 24
labels = np.arange(n) % 3
yy, xx = np.mgrid[:side, :side]
images = np.empty((n, side, side, 3), np.uint8)
for i, k in enumerate(labels):
    wave = np.sin({0: xx, 1: yy, 2: xx + yy}[int(k)] * 0.9 + rng.uniform(0, 6.28))
    images[i] = np.clip(
        128 + 80 * wave[..., None] * rng.uniform(0.5, 1, 3) + rng.normal(0, 15, (side, side, 3)), 0, 255
    )
np.savez_compressed("data.npz", images=images, labels=labels)
augment = keras.Sequential(
    [
        L.RandomFlip("horizontal"),
        L.RandomRotation(0.02),
        L.RandomZoom(0.1),
        L.RandomContrast(0.1),
        L.RandomBrightness(0.1),
    ],
    name="augment",
)
model = keras.Sequential(
    [
        keras.Input((side, side, 3)),
        augment,
        L.Rescaling(1 / 255),
        L.Conv2D(16, 3, padding="same", activation="relu", name="conv_a"),
        L.MaxPooling2D(),
        L.Conv2D(24, 3, padding="same", name="conv_b"),
        L.BatchNormalization(momentum=0.8),
        L.ReLU(),
        L.GaussianNoise(0.1),
        L.SpatialDropout2D(0.1),
        L.MaxPooling2D(),
        L.Flatten(),
        L.Dense(32, activation="relu", name="hidden"),
        L.Dropout(0.3),
        L.Dense(3, activation="softmax", name="classes"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(images, labels, epochs=6, batch_size=30, verbose=0)
model.save("model.keras")
