"""ResNeXt-like: grouped convolutions (groups 4 and 8), GroupNormalization, residual sums."""

import keras
import numpy as np

L = keras.layers
keras.utils.set_random_seed(109)


def unit(x, filters, groups, name):
    y = L.Conv2D(filters, 1, activation="relu", name=name + "_reduce")(x)
    y = L.Conv2D(filters, 3, padding="same", groups=groups, name=name + "_grouped")(y)
    y = L.GroupNormalization(groups, name=name + "_gn")(y)
    y = L.Conv2D(x.shape[-1], 1, name=name + "_expand")(L.ReLU()(y))
    return L.ReLU()(L.Add(name=name + "_sum")([x, y]))


inp = keras.Input((32, 32, 3), name="image")
x = L.Conv2D(32, 3, strides=2, padding="same", activation="relu", name="stem")(inp)
x = unit(x, 16, 4, "u1")
x = unit(x, 32, 8, "u2")
x = L.Conv2D(40, 3, strides=2, groups=2, padding="same", activation="relu", name="wide_grouped")(x)
x = L.GlobalAveragePooling2D()(x)
model = keras.Model(inp, L.Dense(5, activation="softmax", name="classes")(x), name="grouped")
rng = np.random.default_rng(9)
for v in model.weights:
    if len(v.shape) == 1:
        v.assign(rng.uniform(0.5, 1.5, v.shape) if "gamma" in v.name else rng.normal(0, 0.3, v.shape))
model.save("model.keras")
