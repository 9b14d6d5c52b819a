"""Does a study give the same weights on another CPU, and what does that cost? `make bench-weights`.

Each setting of TensorFlow trains one epoch of deepcaptcha in fresh processes. Another CPU is played by limiting
oneDNN to older instructions and by taking a core away; what is compared is the SHA-256 of all weights after the
training. Seconds are those of the training alone, the settings in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys

from harness.base.numerics import SETTINGS
from harness.cli.terminal import print_lines

FREE: dict[str, str] = {}
OPTIONS = {
    "as TensorFlow chooses here": FREE,
    "oneDNN off": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "oneDNN on": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "oneDNN on, AVX2, 8 parts": SETTINGS | {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "oneDNN off, AVX2, 8 parts: harness": SETTINGS,
}
MACHINES = {"this machine": {}, "one core": {"CORES": "1"}, "a CPU with AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2"}}
TRAINING = """
import hashlib, json, os
if "CORES" in os.environ:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(os.environ["CORES"])])
import keras  # before anything settles how TensorFlow computes
import models
from harness.data import load
from harness.spec import DataSpec, TrainSpec
from harness.training.train import train
data = load(DataSpec(name="mnist5k"))
keras.utils.set_random_seed(0)
model = models.build("deepcaptcha", input_shape=list(data.image_shape), n_class=data.n_class, padding="same")
done = train(model, data.train_images, data.train_labels, TrainSpec(epochs=1), seed=0)
weights = hashlib.sha256(b"".join(weight.tobytes() for weight in model.get_weights()))
print(json.dumps({"weights": weights.hexdigest()[:8], "seconds": done.seconds}))
"""


def trained(setting: dict[str, str]) -> tuple[str, float]:
    """The weights' digest and the seconds of one training in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", TRAINING], env={**clean, **setting}, stdout=subprocess.PIPE, text=True, check=True
    )
    found = json.loads(done.stdout)
    return found["weights"], found["seconds"]


def main() -> None:
    """Print a table: for each setting, the weights on each machine, and the seconds on this one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="trainings of each setting on this machine")
    rounds = parser.parse_args().rounds
    seconds: dict[str, list[float]] = {name: [] for name in OPTIONS}
    for _ in range(rounds):
        for name, option in OPTIONS.items():
            seconds[name].append(trained(option)[1])
    print_lines(f"| TensorFlow | {' | '.join(MACHINES)} | s | by 'harness' |", f"|---|{'---|' * len(MACHINES)}---|---|")
    ours = seconds[list(OPTIONS)[-1]]
    for name, option in OPTIONS.items():
        digests = [trained({**option, **machine})[0] for machine in MACHINES.values()]
        ratio = statistics.median(one / other for one, other in zip(seconds[name], ours, strict=True))
        print_lines(f"| {name} | {' | '.join(digests)} | {statistics.median(seconds[name]):.1f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
