"""`python -m harness`, and the command `harness`."""

from harness.cli import main as commands
from harness.crash import supervised


def main() -> None:
    """Run the command line, in a process of its own."""
    supervised(commands)


if __name__ == "__main__":
    main()
