"""Lines of text as they stand on labels, receipts and signs: words, numbers, dates, codes."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np

WORDS = (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").split()
LONGEST = 20  # characters


def line(generator: np.random.Generator) -> str:
    """One line of at most 20 characters."""
    parts = [_part(generator)]
    for _ in range(int(generator.integers(0, 4))):
        more = _part(generator)
        if len(" ".join([*parts, more])) <= LONGEST:
            parts.append(more)
    return " ".join(parts)


def _part(generator: np.random.Generator) -> str:
    kind = generator.random()
    if kind < 0.7:
        return _word(generator)
    number = int(generator.integers(1, 10_000))
    if kind < 0.78:
        return str(number)
    if kind < 0.86:
        return f"${number / 100:.2f}"
    if kind < 0.91:
        return f"{generator.integers(2000, 2030)}-{generator.integers(1, 13):02d}-{generator.integers(1, 29):02d}"
    if kind < 0.95:
        return f"{generator.integers(0, 24):02d}:{generator.integers(0, 60):02d}"
    letters = "".join(generator.choice(list(string.ascii_uppercase), 2))
    return f"{letters}-{number}"


def _word(generator: np.random.Generator) -> str:
    word, ending = str(generator.choice(WORDS)), ("", "", "", "", ",", ".", "!", "?", ":")
    case = generator.random()
    shown = word.upper() if case < 0.2 else word.capitalize() if case < 0.5 else word
    return shown + ending[int(generator.integers(len(ending)))]
