"""How layers are linear in their kernels: for each kind the design that its kernel is multiplied with, at chosen rows.

From outside: by the rest of `reconstruct`.
"""
