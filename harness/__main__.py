"""`python -m harness`, and the command `harness`."""

import sys

from harness.base.crash import INTERRUPTED, INTERRUPTED_LINE, supervised


def commands() -> None:
    """The command line, imported where Ctrl-C is told as it is later."""
    from harness.cli.app import main as run

    run()


def main() -> None:
    """Run the command line, in a process of its own."""
    try:
        supervised(commands)
    except KeyboardInterrupt:
        sys.stderr.write(f"{INTERRUPTED_LINE}\n")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
