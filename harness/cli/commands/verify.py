"""`harness verify`: is the pruned network the original without those channels?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.base.crash import step
from harness.base.keras_import import import_keras
from harness.cli.options import JsonFlag, UnsafeFlag, check_seed
from harness.cli.terminal import print_json, print_lines


def verify(  # noqa: PLR0913, PLR0917 - one parameter an option
    original: Annotated[Path, typer.Argument(help="The model that was pruned, a .keras file.")],
    pruned: Annotated[Path, typer.Argument(help="What came out, with its .plan.json beside it.")],
    plan: Annotated[Path | None, typer.Option(help="The plan. [default: PRUNED.plan.json]")] = None,
    architecture: Annotated[
        bool, typer.Option("--architecture", help="Random weights alone: for a network trained on since.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the random inputs and weights.")] = 0,
    unsafe: UnsafeFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Check that a pruned model computes what the masked original does; exit 1 if not, 2 if that can't be told."""
    check_seed(seed)
    import_keras()
    from harness.base.keras_file import load_model
    from harness.prune.files import plan_path, read_about, read_plan, trained_on
    from harness.prune.present import trials
    from harness.prune.proof.verified import judge

    decided = read_plan(plan or plan_path(pruned))
    with step("load both"):
        before, after = load_model(original, unsafe=unsafe), load_model(pruned, unsafe=unsafe)
    with step("prove"):
        found = judge(
            before, after, decided, trained_on=trained_on(read_about(pruned)), architecture=architecture, seed=seed
        )
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_lines(f"{pruned}: {found.why}", *([trials(found.proof)] if found.proof else []))
    raise typer.Exit({True: 0, False: 1, None: 2}[found.holds])
