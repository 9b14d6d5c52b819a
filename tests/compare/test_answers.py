"""Answers are data."""

from __future__ import annotations

import json

from harness.compare import Answers


def test_answers_can_be_written_as_json(answers: Answers) -> None:
    text = json.dumps(answers.model_dump(mode="json"), allow_nan=False)
    assert Answers.model_validate_json(text) == answers
