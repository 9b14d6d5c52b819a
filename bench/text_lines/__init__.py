"""Does a text recogniser still read, and a text detector still find, once they are pruned? `make bench-text-lines`.

Lines and pages are rendered in the fonts of Debian's packages; nobody's labels are needed, since what was rendered is
known. What is judged was neither chosen nor solved by.
"""
