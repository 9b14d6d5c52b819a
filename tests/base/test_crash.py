"""A crash of native code: which step, which signal, exit code 2, and nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import pytest

from tests.cli.test_app import harness

pytestmark = pytest.mark.skipif(not hasattr(signal, "sigwaitinfo"), reason="only where the command line supervises")

COMMAND = """
import os, signal, sys, time
from pathlib import Path
from harness.base.crash import step, supervised, unfinished
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which nohup, say, has ignored
def work():
    with step("first"), step("second"), unfinished(Path(sys.argv[1])) as path:
        path.mkdir()
        (path / "half").touch()
        {}
supervised(work)
"""


def supervised(work: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(work), str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("name", ["SIGFPE", "SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_crash_is_one_line_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    done = supervised(f"os.kill(os.getpid(), signal.{name})", tmp_path / "made")
    _, err = done.communicate(timeout=60)
    assert done.returncode == 2
    assert err.startswith(f"harness: the process was killed by {name}")
    assert "at 'first / second'; nothing is half-written" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "made").exists()


def test_an_exit_code_is_passed_on(tmp_path: Path) -> None:
    done = supervised("sys.exit(7)", tmp_path / "made")
    assert done.communicate(timeout=60) == ("", "")
    assert done.returncode == 7
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_that_asks_to_end_is_passed_on(tmp_path: Path, name: str) -> None:
    """Both processes end by it, as one that was not supervised would."""
    done = supervised("print('ready', os.getpid(), flush=True); time.sleep(100)", tmp_path / "made")
    assert done.stdout is not None
    child = int(done.stdout.readline().split()[1])
    done.send_signal(signal.Signals[name])
    done.communicate(timeout=60)
    assert done.returncode == -signal.Signals[name]
    assert not alive(child)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("work", ["time.sleep(100)", "[(path / str(n)).touch() for n in range(10**9)]"])
def test_the_child_does_not_outlive_its_parent(work: str, tmp_path: Path) -> None:
    """The parent is killed and can't pass anything on; the child may be in the middle of writing."""
    done = supervised(f"print(os.getpid(), flush=True); {work}", tmp_path / "made")
    assert done.stdout is not None
    child = int(done.stdout.readline())
    done.kill()
    done.communicate(timeout=60)
    until = time.monotonic() + 30
    while alive(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(child)
    assert not (tmp_path / "made").exists()


def test_what_is_needed_for_a_while_is_gone_afterwards(tmp_path: Path) -> None:
    """After the block, and where the process is told to end in it."""
    work = (
        "\n        from harness.base.crash import scratch"
        "\n        with scratch() as folder:"
        "\n            print(folder, flush=True); time.sleep({})"
    )
    ends = supervised(work.format(0), tmp_path / "made")
    folder = Path(ends.communicate(timeout=60)[0].strip())
    assert folder.name.startswith("harness-")
    assert not folder.exists()
    waits = supervised(work.format(100), tmp_path / "made")
    assert waits.stdout is not None
    folder = Path(waits.stdout.readline().strip())
    assert folder.is_dir()
    waits.terminate()
    waits.communicate(timeout=60)
    assert not folder.exists()


def alive(process: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def crashing(path: Path) -> Path:
    """A network in which a layer kills its process when it runs, as native code would."""
    image = keras.Input((6, 6, 1))
    body = "(__import__('os').kill(__import__('os').getpid(), 8), x)[1] if hasattr(x, 'numpy') else x"
    layer = keras.layers.Lambda(eval(f"lambda x: {body}"), name="deadly")
    x = layer(keras.layers.Conv2D(4, 3, name="conv")(image))
    keras.Model(image, keras.layers.Dense(2)(keras.layers.Dense(8)(keras.layers.Flatten()(x)))).save(path)
    return path


@pytest.mark.parametrize(
    ("command", "where"),
    [
        (("prune", "--ratio", "0.5", "--unsafe"), "at 'prune and prove'"),
        (("export", "--unsafe"), "at 'export and compare'"),
    ],
)
def test_a_layer_that_kills_its_process(tmp_path: Path, command: tuple[str, ...], where: str) -> None:
    model = crashing(tmp_path / "net.keras")
    done = harness(command[0], str(model), *command[1:])
    assert done.returncode == 2
    assert "was killed by SIGFPE" in done.stderr
    assert where in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["net.keras"]


def test_a_pooling_that_onednn_dies_of(tmp_path: Path) -> None:
    """With the product's own settings it runs; with oneDNN, where TensorFlow still has the fault, it is one line."""
    volume = keras.Input((4, 4, 4, 2))
    x = keras.layers.AdaptiveMaxPooling3D(1)(keras.layers.Conv3D(8, 3, padding="same")(volume))
    model = tmp_path / "net.keras"
    keras.Model(volume, keras.layers.Dense(3)(keras.layers.Flatten()(x))).save(model)
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}

    def pruned(**settings: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "harness", "prune", str(model), "--ratio", "0.5"]
        return subprocess.run(command, capture_output=True, text=True, env={**environment, **settings}, check=False)

    crashed = pruned(TF_ENABLE_ONEDNN_OPTS="1")
    if crashed.returncode:
        assert crashed.returncode == 2
        assert "was killed by SIGFPE at 'prune and prove'" in crashed.stderr
        assert "set TF_ENABLE_ONEDNN_OPTS=0" in crashed.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["net.keras"]
    assert pruned().returncode == 0
