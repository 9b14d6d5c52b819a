"""The command line: its commands, and what becomes of an error.

Exit codes: 0 good, 1 the answer is no, 2 the question could not be answered, 130 interrupted.
Heavy packages are imported inside the commands, so that `harness --help` stays instant.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Annotated

import typer

from harness.base.crash import INTERRUPTED, INTERRUPTED_LINE
from harness.base.errors import HarnessError, SpecError
from harness.cli.commands.bundle import bundle
from harness.cli.commands.compare import compare
from harness.cli.commands.diagnose import diagnose
from harness.cli.commands.doctor import doctor
from harness.cli.commands.evaluate import evaluate
from harness.cli.commands.export import export
from harness.cli.commands.frontier import frontier
from harness.cli.commands.measure import measure
from harness.cli.commands.prune import prune
from harness.cli.commands.quantize import quantize
from harness.cli.commands.report import report
from harness.cli.commands.results import results
from harness.cli.commands.run import run
from harness.cli.commands.store import store
from harness.cli.commands.validate import validate
from harness.cli.commands.verify import verify
from harness.cli.terminal import print_lines, print_message

GOOD, UNANSWERED = 0, 2
TOLD_BELOW = ("--store", "--mlflow", "--uniform")  # what an empty one could be is said where they are read
COMMANDS = (
    run, prune, quantize, frontier, verify, export, evaluate, measure, compare, results, report, diagnose, doctor,
    bundle, validate, store,
)  # fmt: skip

app = typer.Typer(
    name="harness",
    help="Prune Keras networks, prove it, and measure in ONNX Runtime what it cost and what it bought.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in COMMANDS:
    app.command()(_command)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print_lines(f"harness {version('prune-harness')}")
        raise typer.Exit


@app.callback()
def _harness(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; what the user can mend becomes one line and exit code 2."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if not sys.warnoptions:  # they are for who writes Python
        warnings.simplefilter("ignore")
    try:
        _check_filled(sys.argv[1:])
        code = app(prog_name="harness", standalone_mode=False) or GOOD
        sys.stdout.flush()
    except HarnessError as error:
        code = _told(str(error))
    except typer.TyperException as error:
        code = _told(_usage(error.format_message())) if sys.argv[1:] else _helped(error.format_message())
    except OSError as error:
        code = _unwritten(error)
    if code == INTERRUPTED:  # what typer makes of Ctrl-C
        print_message(INTERRUPTED_LINE)
    sys.exit(code)


def _check_filled(words: list[str]) -> None:
    """Refuse an empty word, as a variable of a shell that was not set leaves one; a path of none is this folder.

    Raises:
        SpecError: it names the option before it, where there is one.
    """
    for before, word in zip(["", *words], words, strict=False):
        option, equals, value = word.partition("=")
        named = option or (before if before.startswith("-") else "an argument")
        empty = not word or (option.startswith("--") and equals and not value)
        if empty and named not in TOLD_BELOW:
            raise SpecError(f"{named}: is empty; give a value, or leave it out")


def _told(line: str) -> int:
    print_message(f"harness: {' '.join(line.splitlines())}")  # names in files may hold line breaks
    return UNANSWERED


def _helped(text: str) -> int:
    print_message(text)
    return UNANSWERED


def _usage(message: str) -> str:
    """What is wrong with the options and arguments, and where the right ones are listed."""
    asked = " ".join(word for word in sys.argv[1:2] if word in {command.__name__ for command in COMMANDS})
    line = " ".join(message.split()).rstrip(".")
    return f"{line[0].lower()}{line[1:]} (see {f'harness {asked}'.strip()} --help)"


def _unwritten(error: OSError) -> int:
    """What becomes of an answer that stdout does not take, such as on a full disk. Any other error is a bug."""
    from harness.base.store import DISK_ERRORS

    if error.errno not in DISK_ERRORS or error.filename is not None:
        raise error
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python flushes stdout once more at its end
    return _told(f"the answer can't be written: {(error.strerror or str(error)).lower()}; send it somewhere else")


if __name__ == "__main__":
    main()
