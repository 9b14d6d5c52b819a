"""Checks of what is learned from: numbers, shapes, labels, the rows that meet them.

Private to the checks.
"""

from harness.diagnose.checks.check import Check
from harness.diagnose.checks.data.labels import class_count, label_encoding, labels_unreadable
from harness.diagnose.checks.data.numbers import (
    class_imbalance,
    data_not_finite,
    images_equal,
    labels_contradict,
    labels_for_each_image,
    one_class,
    weights_not_finite,
)
from harness.diagnose.checks.data.rows import rows_misordered
from harness.diagnose.checks.data.shapes import feature_map_eaten, index_out_of_range, input_shape

CHECKS = (
    Check(labels_for_each_image, gate=True),
    Check(data_not_finite, gate=True),
    Check(weights_not_finite, gate=True),
    Check(input_shape, gate=True),
    Check(feature_map_eaten, gate=True),
    Check(index_out_of_range, gate=True),
    Check(labels_unreadable, gate=True),
    Check(class_count, gate=True),
    Check(label_encoding),
    Check(one_class),
    Check(images_equal),
    Check(labels_contradict),
    Check(class_imbalance),
    Check(rows_misordered),
)
