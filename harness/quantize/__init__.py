"""An ONNX file in INT8 or float16, by onnxruntime's tools, and what that brings here: `harness.quantize(a, b, data=x)`.

`quantizing` is from file to file; `job` judges what came out too: accuracy, speed, and the nodes to blame (`blame`).
`auto` finds which nodes are worth having in INT8. From outside: these.
"""

from harness.base.verbs import make_verb
from harness.quantize.quantizing import quantize

__all__ = ["quantize"]

make_verb(__name__)
