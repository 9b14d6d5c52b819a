"""Prune the recogniser and the detector to each target, and write the page: `make bench-text-lines`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.onnx_files import FOLDER
from bench.text_lines.chart import chart
from bench.text_lines.finding import Kept, maps
from bench.text_lines.page import Dot, Found, page
from bench.text_lines.pruning import Pruned, Shelf
from bench.text_lines.reading import Judged, alphabet, read
from bench.text_lines.rendering import fonts, for_detector, for_recogniser, lines, pages
from harness.base.errors import HarnessError
from harness.base.store import Store
from harness.cli.terminal import print_lines, terminal
from harness.measure.comparison import Comparison

RESULT = Path(__file__).parents[1] / "results" / "text-lines.md"
RECOGNISER = "rapidocr_onnxruntime/ch_PP-OCRv4_rec_infer.onnx"
DETECTOR = "rapidocr_onnxruntime/ch_PP-OCRv4_det_infer.onnx"
IMPORTANCE = "reconstruction"
SOLVED_BY, JUDGED_BY = 1, 2  # seeds of what is rendered


@dataclass(frozen=True)
class Size:
    """How much is rendered and how long is measured: lines and pages to solve from, and to judge by."""

    lines: tuple[int, int] = (400, 1_000)
    pages: tuple[int, int] = (40, 60)
    targets: tuple[float, ...] = (1.3, 1.5, 2.0, 3.0)
    seconds: float = 120.0


SMALL = Size((100, 100), (20, 10), (1.3,), 20.0)


def reached(shelf: Shelf, size: Size) -> tuple[list[tuple[Pruned, Comparison]], list[str]]:
    """The targets that were reached, with their speed-ups, and why others were not."""
    made = [shelf.pruned(target) for target in size.targets]
    files = [each for each in made if each.about.why is None]
    missed = [f"{shelf.path.stem}: {each.about.why}" for each in made if each.about.why is not None]
    return list(zip(files, shelf.speeds(files, size.seconds), strict=True)), missed


def recogniser(shelf: Shelf, files: Sequence[Path], size: Size) -> tuple[Judged, list[Dot[Judged]], list[str]]:
    """What the original reads of lines that nothing was solved from, and what each target does."""
    some, characters = lines(size.lines[1], JUDGED_BY, files), alphabet(shelf.path)
    judged = for_recogniser(some)
    found, missed = reached(shelf, size)

    def of(path: Path) -> Judged:
        return Judged.of(some.texts, read(path, judged, characters))

    dots = [Dot(each.about, speed, *(of(path) for path in each.files)) for each, speed in found]
    return of(shelf.path), dots, missed


def detector(shelf: Shelf, files: Sequence[Path], size: Size) -> tuple[list[Dot[Kept]], list[str]]:
    """What each target keeps of the original's maps of pages that nothing was solved from."""
    judged = for_detector(pages(size.pages[1], JUDGED_BY, files))
    found, missed = reached(shelf, size)
    wanted = maps(shelf.path, judged)
    dots = [
        Dot(each.about, speed, *(Kept.of(wanted, maps(path, judged)) for path in each.files)) for each, speed in found
    ]
    return dots, missed


def run(given: argparse.Namespace) -> Found:
    """All of it."""
    size, files, progress = SMALL if given.small else Size(), fonts(), terminal(quiet=False)
    if given.targets:
        size = Size(size.lines, size.pages, tuple(given.targets), size.seconds)
    paths = [given.folder / RECOGNISER, given.folder / DETECTOR]
    for path in paths:
        if not path.is_file():
            raise HarnessError(f"{path}: no such file; run make fetch-onnx first")
    store = Store(given.store)
    examples = [
        for_recogniser(lines(size.lines[0], SOLVED_BY, files)),
        for_detector(pages(size.pages[0], SOLVED_BY, files)),
    ]
    feeds = [f"x:1x{'x'.join(map(str, each.shape[1:]))}:float32" for each in examples]
    reader, finder = (
        Shelf(path, feed, each, given.importance, store, progress)
        for path, feed, each in zip(paths, feeds, examples, strict=True)
    )
    original, read_dots, unread = recogniser(reader, files, size)
    found_dots, unfound = detector(finder, files, size) if given.only != "recogniser" else ([], [])
    solved_from = len(examples[0]), len(examples[1])
    return Found(original, read_dots, found_dots, [*unread, *unfound], given.importance, solved_from, _command(given))


def _command(given: argparse.Namespace) -> str:
    """What makes the same page again, wherever files lie."""
    said = [f"--importance {given.importance}"] if given.importance != IMPORTANCE else []
    said += [f"--targets {' '.join(f'{target:g}' for target in given.targets)}"] if given.targets else []
    said += [f"--only {given.only}"] if given.only else []
    return " ".join(["python -m bench.text_lines", *said, *(["--small"] if given.small else [])])


def main() -> int:
    """Prune what is not in the store yet, measure, judge, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="what make fetch-onnx made")
    parser.add_argument("--store", type=Path, default=Path(".harness"))
    parser.add_argument("--importance", default=IMPORTANCE)
    parser.add_argument("--targets", type=float, nargs="+", help="times as fast, instead of 1.3, 1.5, 2 and 3")
    parser.add_argument("--only", choices=["recogniser"], help="leave the detector out")
    parser.add_argument("--small", action="store_true", help="few lines and one target, to see that it runs")
    parser.add_argument("--output", type=Path, default=RESULT)
    given = parser.parse_args()
    try:
        found = run(given)
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    picture = given.output.with_suffix(".svg")
    picture.write_text(chart(found), encoding="utf-8")
    given.output.write_text(page(found, picture.name), encoding="utf-8")
    print_lines(f"Figures: {given.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
