"""Random networks: a program is a list of steps, each of which adds layers to tensors that are there already.

Steps that don't fit their tensors do nothing, so that every program is a network, and a failing one shrinks well.
"""
