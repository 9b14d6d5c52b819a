"""`harness store`: what is kept, whether it is whole, and what nobody needs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.base.errors import SpecError
from harness.cli.options import JsonFlag, QuietFlag, StoreOption
from harness.cli.terminal import answers, print_json, print_lines, print_list, terminal

if TYPE_CHECKING:
    from rich.table import Table

    from harness.base.store import Place
    from harness.base.store.upkeep import Contents, Kept

UNITS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))


def store(  # noqa: PLR0913, PLR0917 - one parameter an option
    store: StoreOption = ".harness",
    verify: Annotated[
        bool, typer.Option("--verify", help="Read all of it; exit 1 where something is damaged.")
    ] = False,
    remove_unreferenced: Annotated[
        bool, typer.Option("--remove-unreferenced", help="Remove what no study refers to; without --yes, say what.")
    ] = False,
    forget: Annotated[
        list[str] | None,
        typer.Option(help="A study that is not needed: NAME, NAME@VERSION or NAME@earlier; repeatable."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Really forget and remove.")] = False,
    as_json: JsonFlag = False,
    quiet: QuietFlag = False,
) -> None:
    """List what a store keeps, by study; verify it; remove what no study refers to.

    A study refers to what its runs used, each version of it by itself. Nothing is changed without --yes.
    """
    changes = remove_unreferenced or bool(forget)
    if verify and changes:
        raise SpecError("--verify and what removes are two questions; give one of them")
    if yes and not changes:
        raise SpecError("--yes: to what? give --remove-unreferenced or --forget")
    from harness.base.store import place_at
    from harness.base.store import upkeep as keeping

    place = place_at(store)
    place.answer()
    found = keeping.contents(place)
    if verify:
        _verified(keeping.verify(place, found, terminal(quiet)), found, as_json)
    elif changes:
        _removed(place, found, forget or [], remove_unreferenced, (yes, as_json, quiet))
    elif as_json:
        print_json(_as_json(found))
    else:
        _show(found)


def _verified(damaged: Sequence[str], found: Contents, as_json: bool) -> None:
    if as_json:
        print_json({"store": found.address, "verified": len(found.artifacts), "damaged": list(damaged)})
    elif damaged:
        print_lines(
            f"{len(damaged)} of {len(found.artifacts)} artifacts are damaged; a run that needs one makes it again:"
        )
        print_list(damaged)
    else:
        print_lines(f"{found.address}: all {_count(len(found.artifacts))} whole")
    raise typer.Exit(1 if damaged else 0)


def _removed(
    place: Place, found: Contents, forget: Sequence[str], unreferenced: bool, how: tuple[bool, bool, bool]
) -> None:
    """Say what goes, and let it go where that was asked for."""
    from harness.base.store import upkeep as keeping

    yes, as_json, quiet = how
    left, gone = keeping.without(found, forget)
    kept = keeping.removable(left) if unreferenced else []
    if yes:
        keeping.remove(place, found, gone, kept, terminal(quiet))
    names = [each.name for each in gone]
    if as_json:
        print_json({"store": found.address, "done": yes, "forgotten": names, "removed": _told(kept)})
        return
    if names:
        print_lines(f"{'forgotten' if yes else 'would be forgotten'}: {', '.join(names)}")
        if not unreferenced:
            alone = _sum(left.unreferenced)
            print_lines(f"no study refers to {alone} then; --remove-unreferenced removes them")
    if unreferenced:
        stages = ", ".join(f"{count} {stage}" for stage, count in _stages(kept).items())
        told = f"{_sum(kept)} ({stages})" if kept else "nothing"
        print_lines(f"{'removed' if yes else 'would be removed'}: {told}")
        if kept and not found.studies:
            print_lines("no study has said yet what it refers to: run those that you need first, nothing is made again")
    if not yes and (names or kept):
        print_lines("nothing is changed yet; give --yes as well")


def _show(found: Contents) -> None:
    print_lines(f"{found.address}: {_sum(found.artifacts.values())}")
    if found.artifacts or found.studies:
        answers.print(_table(found))
    for each in found.users:
        print_lines(f"used now by study {each.study}, process {each.pid} on {each.host}")
    if found.leftovers:
        print_lines(f"left unfinished: {_sum(found.leftovers)}")
    if found.unreferenced:
        print_lines("harness store --remove-unreferenced removes what no study refers to")


def _table(found: Contents) -> Table:
    """A row for each version of each study, and one for what no study refers to."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("study")
    table.add_column("version")
    for name in ("last run", "artifacts", "size", "its alone", "oldest"):
        table.add_column(name, justify="right")
    for each in found.studies:
        kept = found.of(each)
        alone = _size(sum(one.size_bytes for one in found.alone_of(each)))
        table.add_row(each.study, each.version, _age(each.run_s), *_figures(kept, alone))
    if found.unreferenced:
        table.add_row("no study", "", "", *_figures(found.unreferenced, ""))
    return table


def _figures(kept: Sequence[Kept], alone: str) -> list[str]:
    oldest = _age(min(each.written_s for each in kept)) if kept else ""
    return [f"{len(kept):,}", _size(sum(each.size_bytes for each in kept)), alone, oldest]


def _as_json(found: Contents) -> dict[str, Any]:
    studies = [
        {
            "study": each.study,
            "version": each.version,
            "run_s": each.run_s,
            "bytes_alone": sum(kept.size_bytes for kept in found.alone_of(each)),
            **_told(found.of(each)),
        }
        for each in found.studies
    ]
    return {
        "store": found.address,
        **_told(list(found.artifacts.values())),
        "studies": studies,
        "unreferenced": _told(found.unreferenced),
        "unfinished": _told(found.leftovers),
        "users": [vars(each) for each in found.users],
    }


def _told(kept: Sequence[Kept]) -> dict[str, Any]:
    return {
        "artifacts": len(kept),
        "bytes": sum(each.size_bytes for each in kept),
        "oldest_s": min((each.written_s for each in kept), default=None),
        "stages": _stages(kept),
    }


def _stages(kept: Sequence[Kept]) -> dict[str, int]:
    return dict(sorted(Counter(each.stage for each in kept).items()))


def _sum(kept: Any) -> str:
    kept = list(kept)
    return f"{_count(len(kept))}, {_size(sum(each.size_bytes for each in kept))}"


def _count(number: int) -> str:
    return f"{number:,} artifact{'' if number == 1 else 's'}"


def _size(size_bytes: int) -> str:
    """`1.2 GB`."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size_bytes >= unit:
            return f"{size_bytes / unit:.3g} {name}"
    return f"{size_bytes} B"


def _age(written_s: float) -> str:
    """How long ago that was: `3 days ago`; just now where the clock says that it is still to come."""
    past = time.time() - written_s
    for unit, name in UNITS:
        if past >= unit:
            count = int(past // unit)
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"
