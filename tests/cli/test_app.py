"""The command line: answers on stdout, the rest on stderr, and the exit code says how it went."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from harness.pipeline.saving import save
from harness.spec import Study
from tests.synthetic import results_of

HEAVY = ("tensorflow", "keras", "onnxruntime", "altair", "scipy", "pydantic", "mlxtend", "numpy")

SMALL = Study.model_validate({"name": "small", "networks": [{"model": "single_conv"}]})


def harness(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness", *arguments], capture_output=True, text=True, cwd=cwd, check=False
    )


def in_process(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a command, without the seconds that a new process takes to import.

    So what `harness run` would have done elsewhere is done here, too.
    """
    from harness.cli.app import main

    if arguments[:1] in (("run",), ("frontier",)) and "--on" not in arguments:
        arguments = (*arguments, "--on", "here")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["harness", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
    shown = capsys.readouterr()
    assert isinstance(caught.value.code, int)
    return caught.value.code, shown.out, shown.err


def test_help_imports_nothing_heavy() -> None:
    """What takes seconds to import is imported inside the commands."""
    code = (
        "import sys\n"
        "from harness.cli.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "run" in done.stdout


USAGE = [
    (["prun"], "no such command 'prun'. Did you mean 'prune', 'run'? (see harness --help)"),
    (["--frob"], "no such option: --frob (see harness --help)"),
    (["run"], "missing argument 'study' (see harness run --help)"),
    (["diagnose", "x.keras"], "missing option '--data' (see harness diagnose --help)"),
    (["run", "x.toml", "--ratoi", "1"], "no such option: --ratoi (Possible options: --data, --ratio) (see harness run"),
    (["prune", "x.keras", "--ratio", "abc"], "invalid value for '--ratio': Input should be a valid number"),
    (["prune", "x.keras", "--ratio"], "option '--ratio' requires an argument (see harness prune --help)"),
    (["prune", "x.keras", "--steps", "1.5"], "invalid value for '--steps': Input should be a valid integer"),
    (["prune", "x.keras", "y.keras"], "got unexpected extra argument(s) (y.keras) (see harness prune --help)"),
    (["measure"], "missing argument 'paths' (see harness measure --help)"),
    (["doctor", "--json=3"], "option '--json' does not take a value (see harness doctor --help)"),
]


@pytest.mark.parametrize(("words", "message"), USAGE)
def test_wrong_options_are_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, stdout, stderr = in_process(capsys, *words)
    assert (code, stdout) == (2, "")
    assert stderr.startswith(f"harness: {message}")
    assert stderr.endswith("--help)\n")
    assert stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["prune", "x.onnx", "--ratio", "0.5", "-o", ""], "-o"),
        (["prune", "x.onnx", "--output="], "--output"),
        (["measure", "x.onnx", ""], "an argument"),
    ],
)
def test_an_empty_word_is_no_path(words: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As a variable of a shell that was not set leaves one; it would be the folder that one is in."""
    code, stdout, stderr = in_process(capsys, *words)
    assert (code, stdout, stderr) == (2, "", f"harness: {named}: is empty; give a value, or leave it out\n")


def test_no_words_at_all_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, stdout, stderr = in_process(capsys)
    assert (code, stdout) == (2, "")
    assert stderr.startswith("Usage: harness [OPTIONS] COMMAND")


def test_the_version_is_told_at_once() -> None:
    """Nothing heavy is imported for it."""
    code = (
        "import sys\n"
        "sys.argv = ['harness', '--version']\n"
        "from harness.cli.app import main\n"
        "try: main()\n"
        f"finally: print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"harness {version('prune-harness')}\n"
    assert done.stderr.strip() == "[]"


# Each answer goes to stdout as it was opened at the start of a process; one process for all saves seconds of imports.
ANSWERS = """
import os, sys
from harness.cli.app import main

def code_of(words, stdout):
    os.dup2(stdout, 1)
    os.close(stdout)
    sys.stdout, sys.argv = open(1, "w", closefd=False), ["harness", *words]
    try:
        main()
    except SystemExit as done:
        print(f"{' '.join(words[::2])} ends with {done.code}", file=sys.stderr, flush=True)

def reader_gone():
    reader, writer = os.pipe()
    os.close(reader)
    return writer

for words in (["results", sys.argv[1]], ["results", sys.argv[1], "--json"], ["--help"]):
    code_of(words, os.open("/dev/full", os.O_WRONLY))
for words in (["results", sys.argv[1]], ["results", sys.argv[1], "--json"]):
    code_of(words, reader_gone())
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_answer_that_stdout_does_not_take_is_one_line_unless_its_reader_went_away(tmp_path: Path) -> None:
    """As on a full disk, and as in `harness results RUN | head -1`."""
    save(results_of(SMALL), tmp_path / "results.json")
    command = [sys.executable, "-c", ANSWERS, str(tmp_path)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    line = "harness: the answer can't be written: no space left on device; send it somewhere else"
    assert done.stderr.splitlines() == [
        line,
        "results ends with 2",
        line,
        "results --json ends with 2",
        line,
        "--help ends with 2",
        "results ends with 1",
        "results --json ends with 1",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such study; give the path of a TOML file"),
        ("name = 'x'", "'networks' is missing; add it"),
        ("name = 'x'\nepochs = 3\n[[networks]]\nmodel = 'single_conv'", "'epochs' is unknown"),
        ("name = 'x'\n[[networks]]\nmodel = 'resnet'", "model = 'resnet' is unknown; use one of single_conv"),
        ("name = 'x'\n[[networks]]\nmodel = 'single_conv'\noptions.filter = 3", "filter is not an option"),
        (
            "name = 'x'\ndata.resize = [12, 12]\n[[networks]]\nmodel = 'deepcaptcha'\noptions.padding = 'valid'",
            "is too small",
        ),
        ("name = 'x'\n[[networks]]\nmodel = 'single_conv'\noptions.n_class = 4", "mnist5k has 10 classes"),
        ("name = 'x'\ndata.name = 'mnist6k'\n[[networks]]\nmodel = 'single_conv'", "mnist6k"),
        ("name = 'x'\ndata.name = 'npz:no.npz'\n[[networks]]\nmodel = 'single_conv'", "no.npz"),
        ("name = 'x'\nmeasure.device = 'cuda'\n[[networks]]\nmodel = 'single_conv'", "cuda"),
    ],
)
def test_a_study_that_cannot_work_is_one_line_and_exit_code_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    message: str,
) -> None:
    if text is not None:
        (tmp_path / "study.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    code, stdout, stderr = in_process(capsys, "run", "study.toml", "--quiet")
    assert code == 2, stderr
    assert message in stderr
    assert stderr.startswith("harness: ")
    assert stderr.count("\n") == 1
    assert stdout == ""
    assert not (tmp_path / "runs").exists() or list((tmp_path / "runs").iterdir()) == []


def test_an_unwritable_output_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("name = 'x'\n[[networks]]\nmodel = 'single_conv'")
    (tmp_path / "runs").write_text("a file")
    done = harness("run", "study.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "give a folder that can be written" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name, to wait at")
def test_interrupted_is_one_line_and_exit_code_130(tmp_path: Path) -> None:
    """The command waits at a file that nobody writes to, until Ctrl-C."""
    waiting = tmp_path / "study.toml"
    os.mkfifo(waiting)
    # A shell lets what it runs in the background ignore Ctrl-C, and these tests may be run so.
    heeding = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    started = subprocess.Popen(
        [sys.executable, "-c", f"{heeding}runpy.run_module('harness', run_name='__main__')", "run", str(waiting)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    with waiting.open("w"):  # opens when the command has opened it to read
        for _ in range(8):
            started.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):  # it came just before the read, which does not see it
                _, err = started.communicate(timeout=30)
                break
    assert started.returncode == 130
    assert err.strip() == "harness: interrupted; nothing is half-written, and `harness run` goes on where it stopped"


def test_interrupted_while_it_starts_is_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C while the command line is imported, or its process is made."""
    from harness import __main__ as entry

    def interrupted(command: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "supervised", interrupted)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err.startswith("harness: interrupted; nothing is half-written")
