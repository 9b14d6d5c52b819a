"""Why a network does not learn: `harness.diagnose(model, images, labels, loss=...)`.

A few forward and backward passes over a copy of the network, and a check for each known cause. The model itself is
never changed. docs/diagnose.md says what each finding means and where its threshold comes from.
"""

from harness.base import quietly  # noqa: F401 - first, so that TensorFlow's lines are not shown
from harness.base.verbs import make_verb
from harness.diagnose.diagnosing import diagnose
from harness.diagnose.findings import Diagnosis, Finding, LayerPicture, Number, Proof, Trial
from harness.stats.learned import learned

__all__ = ["Diagnosis", "Finding", "LayerPicture", "Number", "Proof", "Trial", "diagnose", "learned"]

make_verb(__name__)
