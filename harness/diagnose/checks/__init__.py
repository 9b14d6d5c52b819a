"""The checks, a folder for each of the places where a cause may lie; `all` has them in order.

- `data`: what is learned from, and whether it fits the network
- `loss`: what the network's answers are compared by, and what else is lowered
- `signal`: what gets through the layers, of the image and of the gradient, and how far the steps lead
- `signs`: what a training that is over left

Each is a function from Evidence to findings, whose docstring states its threshold and where that comes from, and it
writes its findings out in full. A builder that takes the kind from the check's name and a number's value, unit and text
flat was tried on three: it saved one line in thirty, and hid the names by which docs, tests and cures know a kind.
Severity from two thresholds fits few, since most weigh more than one number. What they share is how they walk the
network: `Network.following`, `Network.of_layer`, `Forward.activities`.

A new one is listed in its folder's `__init__`, and in docs/diagnose.md with its threshold; `ranking` says what explains
it, `cures` what cures it, and tests/diagnose/cases has faults that it names and healthy networks that it leaves be.

Private to `diagnose`.
"""
