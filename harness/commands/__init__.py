"""One thin function for each command of the command line. Only these and harness/cli.py print or exit."""
