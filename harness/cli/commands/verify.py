"""`harness verify`: is the pruned network the original without those channels?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.base.crash import step
from harness.base.keras_import import import_keras
from harness.cli.onnx import check_both, refuse_for_keras, refuse_for_onnx
from harness.cli.options import JsonFlag, OnnxInputs, UnsafeFlag, check_seed
from harness.cli.terminal import print_json, print_lines

if TYPE_CHECKING:
    from harness.records import ChannelPlan, Verdict


def verify(  # noqa: PLR0913, PLR0917 - one parameter an option
    original: Annotated[Path, typer.Argument(help="The model that was pruned, a .keras or .onnx file.")],
    pruned: Annotated[Path, typer.Argument(help="What came out, with its .plan.json beside it.")],
    plan: Annotated[Path | None, typer.Option(help="The plan. [default: PRUNED.plan.json]")] = None,
    architecture: Annotated[
        bool, typer.Option("--architecture", help="Random weights alone: for a network trained on since.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the random inputs and weights.")] = 0,
    unsafe: UnsafeFlag = False,
    inputs: OnnxInputs = None,
    as_json: JsonFlag = False,
) -> None:
    """Check that a pruned model computes what the masked original does; exit 1 if not, 2 if that can't be told."""
    check_seed(seed)
    from harness.prune.files import plan_path, read_plan
    from harness.prune.present import trials

    decided = read_plan(plan or plan_path(pruned))
    if check_both(original, pruned):
        refuse_for_onnx({"--unsafe": unsafe})
        found = _onnx(original, pruned, decided, inputs or [], (architecture, seed))
    else:
        refuse_for_keras(inputs)
        found = _keras(original, pruned, decided, unsafe, (architecture, seed))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_lines(f"{pruned}: {found.why}", *([trials(found.proof)] if found.proof else []))
    raise typer.Exit({True: 0, False: 1, None: 2}[found.holds])


def _keras(original: Path, pruned: Path, decided: ChannelPlan, unsafe: bool, how: tuple[bool, int]) -> Verdict:
    import_keras()
    from harness.base.keras_file import load_model
    from harness.prune.files import read_about, trained_on
    from harness.prune.proof.verified import judge

    with step("load both"):
        before, after = load_model(original, unsafe=unsafe), load_model(pruned, unsafe=unsafe)
    with step("prove"):
        changed = trained_on(read_about(pruned))
        return judge(before, after, decided, trained_on=changed, architecture=how[0], seed=how[1])


def _onnx(original: Path, pruned: Path, decided: ChannelPlan, inputs: list[str], how: tuple[bool, int]) -> Verdict:
    from harness.prune.onnx.verified import verify_onnx

    with step("prove"):
        return verify_onnx(original, pruned, decided, inputs=inputs, architecture=how[0], seed=how[1])
