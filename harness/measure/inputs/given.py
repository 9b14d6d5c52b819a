"""What a user gives to be fed: layouts, single values, and real arrays from a file."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.base.errors import MeasureError, SpecError
from harness.measure.inputs.declared import GivenInput, ModelInput, parse_input

Array = NDArray[Any]


@dataclass(frozen=True)
class Given:
    """What was given, by the inputs' names. `values` fill an input whose shape is known otherwise."""

    layouts: Mapping[str, GivenInput] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs that something was given for, each once."""
        return tuple(dict.fromkeys((*self.layouts, *self.values, *self.arrays)))


def gather(texts: Sequence[str], file: Path | None, arrays: Mapping[str, Array], inputs: Sequence[ModelInput]) -> Given:
    """All that was given: `--input` texts, `--inputs`, and arrays by input name; `inputs` are the first model's.

    A number or a list among the arrays is a value, as in a text: it takes its input's type.

    Raises:
        SpecError: a text can't be read, or one input is given twice.
        MeasureError: the file can't be read.
    """
    parsed = [parse_input(text) for text in texts]
    layouts = [one for one in parsed if isinstance(one, GivenInput)]
    values = [one for one in parsed if not isinstance(one, GivenInput)]
    read = {} if file is None else read_arrays(file, [one.name for one in inputs])
    _each_once("a shape", [one.name for one in layouts])
    _each_once("values", [*(one.name for one in values), *read, *arrays])
    plain = {name: value for name, value in arrays.items() if not isinstance(value, np.ndarray | np.generic)}
    return Given(
        layouts={one.name: one for one in layouts},
        values={one.name: one.value for one in values} | plain,
        arrays={name: np.asarray(array) for name, array in {**read, **arrays}.items() if name not in plain},
    )


def _each_once(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SpecError(f"input '{name}' is given {what} twice; leave one out")
        seen.add(name)


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, Array]:
    """Arrays by input name from an `.npz`, or from a folder of ONNX test data (`input_0.pb` ...).

    Test data that has no names, or others, goes by the order of `names`. A folder of several sets, or the folder of
    a model with its `test_data_set_0`, gives the first set.

    Raises:
        MeasureError: there is nothing to read there, or it can't be read.
    """
    if path.is_dir():
        return read_sets(path, names)[0]
    try:
        data = np.load(path, allow_pickle=False)
        if isinstance(data, np.ndarray):
            raise MeasureError(f"{path}: holds one array without a name; give an .npz with arrays by input name")
        with data:
            arrays = {name: data[name] for name in data.files}
        if not arrays:
            raise MeasureError(f"{path}: holds no array; give an .npz with arrays by input name")
        return arrays
    except OSError as error:
        why = error.strerror or "not a NumPy file"
        raise MeasureError(f"{path}: can't be read ({why}); give an .npz, or a folder with input_0.pb") from None
    except (ValueError, EOFError, zipfile.BadZipFile):
        raise MeasureError(
            f"{path}: not an .npz of plain arrays; write it with np.savez(file, **arrays), or give a folder with "
            "input_0.pb"
        ) from None


def read_sets(folder: Path, names: Sequence[str]) -> list[dict[str, Array]]:
    """The arrays of every set of ONNX test data in a folder, by input name; names as in `read_arrays`.

    The folder is a set itself, or holds them as `test_data_set_0` and so on.

    Raises:
        MeasureError: there is nothing to read there, or it can't be read.
    """
    sets = _numbered(folder, "test_data_set_*")
    folders = [folder] if _numbered(folder, "input_*.pb") else [sets[number] for number in sorted(sets)]
    if not folders:
        raise MeasureError(f"{folder}: holds no input_0.pb; give a folder of ONNX test data, or an .npz")
    return [_test_data(each, names) for each in folders]


def _test_data(folder: Path, names: Sequence[str]) -> dict[str, Array]:
    files = _numbered(folder, "input_*.pb")
    if not files:
        raise MeasureError(f"{folder}: holds no input_0.pb; give a folder of ONNX test data, or an .npz")
    arrays = {}
    for number, file in sorted(files.items()):
        name, array = _tensor(file)
        if name not in names:
            if number >= len(names):
                raise MeasureError(f"{file}: the model has {len(names)} inputs; remove what is too much")
            name = names[number]
        arrays[name] = array
    return arrays


def _numbered(folder: Path, pattern: str) -> dict[int, Path]:
    """The folder's files of a pattern, by the number at the end of their names."""
    found = ((re.search(r"(\d+)$", path.stem), path) for path in folder.glob(pattern))
    return {int(match[1]): path for match, path in found if match}


def _tensor(path: Path) -> tuple[str, Array]:
    import onnx

    try:
        tensor = onnx.load_tensor(str(path))
        return tensor.name, onnx.numpy_helper.to_array(tensor, str(path.parent))
    except Exception:  # protobuf raises several kinds, none of them public; a list or map of tensors is none
        raise MeasureError(f"{path}: not a tensor of ONNX test data; give tensors, or an .npz") from None
