"""Other pruners beside this one, from the same weights and images: `make bench-peers`.

Torch-Pruning, and onnxsim's own pruner, run in an environment of their own (`theirs/`), which knows nothing of harness.
What is finished is kept in the store, so that a run that was interrupted goes on where it stopped; latencies are
measured anew each time, all in one paired run.
"""
