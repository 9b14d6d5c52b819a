"""The checks, a folder for each of the places where a cause may lie; `all` has them in order.

- `data`: what is learned from, and whether it fits the network
- `loss`: what the network's answers are compared by, and what else is lowered
- `signal`: what gets through the layers, of the image and of the gradient, and how far the steps lead
- `signs`: what a training that is over left

Each is a function from Evidence to findings, whose docstring states its threshold and where that comes from. It writes
its findings out in full.

Private to `diagnose`.
"""
