"""What is shipped, and whether it may be: a model as a bundle that proves itself, and gates on measured intervals.

From outside: `source`, `bundling`, `question`, `validating`, and what shows a validation; the rest is its own, except
for tools/runtimes, which reads bundles by `received` and `vectors`.
"""
