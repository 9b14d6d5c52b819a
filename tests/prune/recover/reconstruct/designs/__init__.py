"""How layers are linear in their kernels."""
