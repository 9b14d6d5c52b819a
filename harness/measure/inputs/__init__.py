"""What models are fed: what a file declares, what a user gives, what all of them agree on.

From outside: all of it.
"""
