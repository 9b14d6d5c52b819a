"""What a run leaves is read back, and so is what older versions left."""

from __future__ import annotations

import json

from harness.compare.results import Results
from tests.compare.worlds import STUDY
from tests.synthetic import results_of


def test_results_of_version_1_are_read() -> None:
    """They have one measurement or none."""
    found = results_of(STUDY)
    old = json.loads(found.model_dump_json())
    (old["measurement"],) = old.pop("measurements")
    old["schema_version"] = "harness-results/1"
    assert Results.model_validate_json(json.dumps(old)) == found
    assert Results.model_validate_json(json.dumps({**old, "measurement": None})).measurements == ()
