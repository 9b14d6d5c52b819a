"""The command line: its commands, and what becomes of an error.

Exit codes: 0 good, 1 the answer is no, 2 the question could not be answered, 130 interrupted.
Heavy packages are imported inside the commands, so that `harness --help` stays instant.
"""

from __future__ import annotations

import os
import sys

import typer

from harness.commands.compare import compare
from harness.commands.diagnose import diagnose
from harness.commands.doctor import doctor
from harness.commands.export import export
from harness.commands.measure import measure
from harness.commands.prune import prune
from harness.commands.report import report
from harness.commands.results import results
from harness.commands.run import run
from harness.commands.verify import verify
from harness.errors import HarnessError
from harness.terminal import print_message

INTERRUPTED = 130

app = typer.Typer(
    name="harness",
    help="Prune Keras networks, prove it, and measure in ONNX Runtime what it cost and what it bought.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (run, prune, verify, export, measure, compare, results, report, diagnose, doctor):
    app.command()(_command)


def main() -> None:
    """Run the command line; what the user can mend becomes one line and exit code 2."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app()
    except HarnessError as error:
        print_message(f"harness: {error}")
        sys.exit(2)
    except SystemExit as done:
        if done.code == INTERRUPTED:  # what typer makes of Ctrl-C
            print_message("harness: interrupted; nothing is half-written, and `harness run` goes on where it stopped")
        raise


if __name__ == "__main__":
    main()
