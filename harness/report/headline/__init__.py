"""What a reader sees first: the answer in one sentence (`answer`), and what to ship with its evidence (`recommended`).

Private to `report`.
"""

from __future__ import annotations

from harness.report.headline.answer import Headline, headline
from harness.report.headline.recommended import Recommended, recommended

__all__ = ["Headline", "Recommended", "headline", "recommended"]
