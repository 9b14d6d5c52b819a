"""Every error that a user can cause. Each message is one line, and says what to do about it."""

from __future__ import annotations


class HarnessError(Exception):
    """Something the user can mend. The command line prints it as one line and exits with 2."""


class SpecError(HarnessError):
    """A study, an option or an argument has a value that can't be used."""


class DataError(HarnessError):
    """A dataset is missing, unreadable, or does not fit the model."""


class ModelError(HarnessError):
    """A Keras model can't be built, loaded or used for what was asked."""


class PruneError(HarnessError):
    """Nothing could be pruned as asked, or a plan does not fit the model."""


class ProofError(PruneError):
    """The pruned network does not compute what the masked original computes."""


class TooSlowError(PruneError):
    """No widths that were tried are as fast as asked: the answer is no, and exit code 1."""


class UnprovableError(ProofError):
    """The networks could be compared, but the comparison would mean nothing."""


class ExportError(HarnessError):
    """A Keras model can't be exported to ONNX."""


class ParityError(ExportError):
    """The ONNX file does not compute what the Keras model computes."""


class QuantizeError(HarnessError):
    """A file can't be quantized as asked."""


class DeviceError(HarnessError):
    """The device asked for does not really run the model."""


class MeasureError(HarnessError):
    """An ONNX file can't be measured, or a measurement could not be finished."""


class BundleError(HarnessError):
    """There is no bundle, or it can't be asked what was asked."""


class DamagedError(BundleError):
    """A bundle is not what its manifest says, or holds what no bundle may hold."""


class StoreError(HarnessError):
    """The store or an output folder can't be read or written."""


class LostError(HarnessError):
    """A process that did a part of the work died. What it was doing is lost, and nothing else."""


class EngineError(HarnessError):
    """There is nobody to do the work: no process can be started, or it is not of the same packages."""


def first_line(error: BaseException) -> str:
    """The first line of another package's message, for a message of one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
