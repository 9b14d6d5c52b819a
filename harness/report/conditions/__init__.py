"""How a run was made and what its numbers mean: the part of the report that lets a reader trust it or not."""
