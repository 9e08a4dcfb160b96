"""`make bench`: the usual figures, with the machine they were measured on. `python -m benchmarks NAME...`: those sections alone."""

import importlib

import click

from benchmarks.machine import describe

_USUAL = ("engine", "check", "server", "cluster")
_ALONE = ("attacks", "event_loop", "oracle", "sizes", "worst_object")
_SOAK = "soak"


@click.command(help=f"Measure, and print figures: {', '.join(_USUAL)}; by their names alone: {', '.join(_ALONE)}, {_SOAK}.")
@click.argument("sections", metavar="[SECTION]...", nargs=-1, type=click.Choice([*_USUAL, *_ALONE, _SOAK]))
@click.option("--requests", default=1_000_000, show_default=True, help="Requests of the soak.")
@click.option("--reload", is_flag=True, help="Replace certificate and registry every second during the soak.")
def main(*, sections: tuple[str, ...], requests: int, reload: bool) -> None:
    """Run the sections. Each is loaded in its turn: the peak memory of a child begins with that of the process that it is forked from."""
    print(describe())
    for section in sections or _USUAL:
        measure = importlib.import_module(f"benchmarks.{section}").main
        measure(**({"requests": requests, "reload": reload} if section == _SOAK else {}))


if __name__ == "__main__":
    main()
