"""What a reader sees first: the answer in one sentence (`answer`), what to ship with its evidence (`recommended`), and
why nothing faster (`why_not_faster`).

Private to `report`.
"""

from __future__ import annotations

from harness.report.headline.answer import Headline, headline
from harness.report.headline.recommended import Recommended, recommended
from harness.report.headline.why_not_faster import why_not_faster

__all__ = ["Headline", "Recommended", "headline", "recommended", "why_not_faster"]
