"""The question about padding: what hides the Softmax from the loss is found, and the cured network is left alone."""

from __future__ import annotations

import pytest

import models
from harness.data import load
from harness.diagnose import diagnose
from harness.spec import DataSpec


@pytest.mark.parametrize(
    ("reshape", "stopping"), [("after_softmax", ["softmax-hidden"]), ("before_softmax", [])], ids=["as asked", "cured"]
)
def test_a_softmax_hidden_from_the_loss_on_raw_pixels(reshape: str, stopping: list[str]) -> None:
    data = load(DataSpec(scale="raw", limit=500))
    model = models.build("deepcaptcha", reshape=reshape)
    found = diagnose(model, data.train_images, data.train_labels, loss="sparse_categorical_crossentropy")
    assert [finding.kind for finding in found.findings if finding.severity == "stops learning"] == stopping
