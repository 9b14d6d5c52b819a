"""Write a classifier of torchvision as one of PyTorch's exporters does: run by `bench.torchvision`."""

from __future__ import annotations

import argparse
from pathlib import Path

from torchvisions import EXPORTERS, built, export


def main() -> None:
    """Write one ONNX file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the network, as torchvision calls it")
    parser.add_argument("file", type=Path, help="where to write it")
    parser.add_argument("--exporter", choices=EXPORTERS, required=True)
    parser.add_argument("--side", type=int, required=True, help="of the images, in pixels")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=NUMBER", help="of the network")
    given = parser.parse_args()
    options = {name: int(number) for name, _, number in (each.partition("=") for each in given.option)}
    export(built(given.name, **options), given.side, given.exporter, given.file)


if __name__ == "__main__":
    main()
