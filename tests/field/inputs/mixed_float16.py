"""The same small CNN under the mixed_float16 policy, and in float32 with the same weights."""

import keras
import numpy as np

L = keras.layers
rng = np.random.default_rng(11)
n = 240
labels = np.arange(n) % 4
yy, xx = np.mgrid[:24, :24]
images = np.empty((n, 24, 24, 1), np.uint8)
for i, k in enumerate(labels):
    wave = np.sin([xx, yy, xx + yy, xx - yy][int(k)] * 0.9 + rng.uniform(0, 6.28))
    images[i, ..., 0] = np.clip(128 + 90 * wave + rng.normal(0, 20, (24, 24)), 0, 255)
np.savez_compressed("data.npz", images=images, labels=labels)


def build():
    keras.utils.set_random_seed(111)
    return keras.Sequential(
        [
            keras.Input((24, 24, 1), name="image"),
            L.Conv2D(16, 3, padding="same", name="conv_1"),
            L.BatchNormalization(momentum=0.8),
            L.ReLU(),
            L.MaxPooling2D(),
            L.Conv2D(32, 3, padding="same", name="conv_2"),
            L.BatchNormalization(momentum=0.8),
            L.ReLU(),
            L.GlobalAveragePooling2D(),
            L.Dense(4, name="logits"),
            L.Activation("softmax", dtype="float32", name="classes"),
        ]
    )


keras.config.set_dtype_policy("mixed_float16")
model = build()
model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(images / 255.0, labels, epochs=8, batch_size=24, verbose=0)
model.save("model.keras")
keras.config.set_dtype_policy("float32")
plain = build()
plain.set_weights(model.get_weights())
plain.save("float32.keras")
