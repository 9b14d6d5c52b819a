"""Three named inputs and a dict of outputs, two of them of one shape: nobody would notice a swap."""

import keras
import numpy as np

L, ops = keras.layers, keras.ops
keras.utils.set_random_seed(110)
rgb = keras.Input((20, 20, 3), name="rgb")
exposure = keras.Input((1,), name="exposure_ms")
iso = keras.Input((1,), name="iso_code", dtype="int32")
norm = L.Normalization(mean=[12.0], variance=[90.0], name="exposure_norm")
x = L.Conv2D(12, 3, activation="relu", name="conv")(rgb)
x = L.GlobalAveragePooling2D(name="pooled")(x)
e = L.Flatten(name="iso_flat")(L.Embedding(16, 5, name="iso_table")(iso))
j = L.Concatenate(name="joined")([x, norm(exposure), e])
j = L.Dense(24, activation="gelu", name="hidden")(j)
outputs = {
    "white_balance": L.Dense(4, name="wb")(j),
    "box": L.Dense(4, activation="sigmoid", name="corners")(j),
    "a_class": L.Dense(3, activation="softmax", name="label")(j),
    "unit_vector": ops.normalize(L.Dense(6, name="vector")(j), axis=-1),
}
model = keras.Model({"rgb": rgb, "exposure_ms": exposure, "iso_code": iso}, outputs, name="camera")
rng = np.random.default_rng(10)
for v in model.trainable_weights:
    if len(v.shape) == 1:
        v.assign(rng.normal(0, 0.3, v.shape))
model.save("model.keras")
