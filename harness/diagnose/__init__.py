"""Why a network does not learn: `harness.diagnose(model, images, labels, loss=...)`.

A few forward and backward passes over a copy of the network, and a check for each known cause. The model itself is
never changed. docs/diagnose.md says what each finding means and where its threshold comes from.

- `question`: what was asked, read and checked; `network`: the copy, and what its parts are
- `evidence`: passes over the copy and a short rehearsal of its training; `checks`: what they show of each cause
- `cures`: changes that are tried in short trainings; `ranking`: the order of findings
- `findings`: the answer; `present`: the answer in a terminal
"""

from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
from harness.base.verbs import make_verb
from harness.diagnose.diagnosing import diagnose
from harness.diagnose.findings import Diagnosis, Finding, LayerPicture, Number, Proof, Trial
from harness.stats.learned import learned

__all__ = ["Diagnosis", "Finding", "LayerPicture", "Number", "Proof", "Trial", "diagnose", "learned"]

make_verb(__name__)
