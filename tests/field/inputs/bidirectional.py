"""Conv1D front, two bidirectional LSTMs, classes of sensor windows."""

import keras
import numpy as np

L = keras.layers
keras.utils.set_random_seed(107)
model = keras.Sequential(
    [
        keras.Input((48, 6), name="window"),
        L.Conv1D(16, 3, padding="same", activation="relu", name="conv_1"),
        L.MaxPooling1D(2),
        L.Conv1D(24, 3, padding="causal", activation="relu", name="conv_2"),
        L.MaxPooling1D(2),
        L.Bidirectional(L.LSTM(12, return_sequences=True, kernel_regularizer="l2"), name="both_ways_1"),
        L.Dropout(0.3),
        L.Bidirectional(L.GRU(10), merge_mode="sum", name="both_ways_2"),
        L.Dense(16, activation="relu", name="hidden"),
        L.Dense(3, activation="softmax", name="classes"),
    ]
)
rng = np.random.default_rng(7)
for v in model.weights:
    if len(v.shape) == 1:
        v.assign(rng.normal(0, 0.3, v.shape))
model.save("model.keras")
