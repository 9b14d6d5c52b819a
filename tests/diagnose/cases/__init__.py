"""Cases to diagnose: networks with data, faulty or healthy.

- `planted`: faults that must be named; `healthy`: networks that must be left alone
- `held_out`, `held_out_again`: both again, for cases that no threshold was chosen on
- `networks`, `weights`, `given`: what they are made of; `case`: what a case is
"""
