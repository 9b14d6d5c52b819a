"""One thin function for each command of the command line. Only these and harness/cli/app.py print or exit."""
