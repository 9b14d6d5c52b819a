"""Compare with onnxsim's pruner on files off the shelf: `make bench-shelf`, on an otherwise idle machine."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench.onnx_files import FOLDER
from bench.peers.originals import SMALL, Size
from bench.peers.ours import code
from bench.shelf.arms import SCRIPT, Pruners
from bench.shelf.comparing import JUDGED, Found, compare
from bench.shelf.page import markdown
from bench.shelf.subjects import Subject, deepcaptcha, fetched
from harness.base.keras_import import import_keras
from harness.base.store import Store, file_digest
from harness.cli.terminal import print_lines, terminal

RESULT = Path(__file__).parents[1] / "results" / "onnxsim-files.md"
NAMES = ("angle", "detection", "recognition", "nudenet", "ddddocr det", "ddddocr old", "deepcaptcha")
COUNT = 100  # pictures to calibrate by


def found_in(store: Store, subject: Subject, pruners: Pruners, seeds: Sequence[int], seconds: float) -> Found:
    """One file's figures, from the store where they were found before."""

    def make(folder: Path) -> None:
        found = compare(subject, pruners, seeds, seconds)
        (folder / "found.json").write_text(found.model_dump_json(), encoding="utf-8")

    inputs = {
        "subject": subject.name, "file": file_digest(subject.path), "count": pruners.count, "judged": JUDGED,
        "seeds": list(seeds), "seconds": seconds, "code": code(), "theirs": file_digest(SCRIPT),
    }  # fmt: skip
    return store.get("shelf-compared", inputs, make).record("found.json", Found)


def main() -> None:
    """Make what is not there yet, file by file, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, required=True, help="of the environment of the other pruners")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where make fetch-onnx put the files")
    parser.add_argument("--files", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--count", type=int, default=COUNT, help="of pictures")
    parser.add_argument("--seconds", type=float, default=60.0, help="of measuring each file, for each table")
    parser.add_argument("--small", action="store_true", help="deepcaptcha of few images and an epoch")
    parser.add_argument("--store", type=Path, default=Path(".harness/bench-peers"))
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    store, progress = Store(given.store), terminal(quiet=False)
    subjects = [one for one in fetched(given.folder) if one.name in given.files]
    missing = [one.path for one in subjects if not one.path.is_file()]
    if missing:
        raise SystemExit(f"{missing[0]} is not there; run make fetch-onnx first")
    if "deepcaptcha" in given.files:
        import_keras()
        subjects.append(deepcaptcha(store, SMALL if given.small else Size(), progress))
    pruners = Pruners(given.python, store, progress, given.count)
    changed = [
        f"--{name} {' '.join(map(repr, value)) if isinstance(value, list) else value}"
        for name, value in vars(given).items()
        if name in ("files", "seeds", "count", "seconds") and value != parser.get_default(name)
    ]
    command = " ".join(["python -m bench.shelf", *changed, *(["--small"] if given.small else [])])
    found = []
    for subject in subjects:
        found.append(found_in(store, subject, pruners, range(given.seeds), given.seconds))
        given.output.write_text(markdown(found, command, given.seeds, given.count) + "\n", encoding="utf-8")
    print_lines(f"Figures: {given.output}")


if __name__ == "__main__":
    main()
