"""A Keras model and data become a trained model, on any backend.

From outside: `train` trains, `optimizers` is how, `recorder` keeps the gradients of a step; `batches` is private.
"""
