"""`make bench`: the usual figures, with the machine they were measured on. `python -m benchmarks NAME...`: those sections alone."""

import click

from benchmarks import check, cluster, engine, server, sizes, soak
from benchmarks.machine import describe

_USUAL = {"engine": engine.main, "check": check.main, "server": server.main, "cluster": cluster.main}
_ALONE = {"sizes": sizes.main}
_SOAK = "soak"


@click.command(help=f"Measure, and print figures: {', '.join(_USUAL)}; by their names alone: {', '.join(_ALONE)}, {_SOAK}.")
@click.argument("sections", metavar="[SECTION]...", nargs=-1, type=click.Choice([*_USUAL, *_ALONE, _SOAK]))
@click.option("--requests", default=1_000_000, show_default=True, help="Requests of the soak.")
@click.option("--reload", is_flag=True, help="Replace certificate and registry every second during the soak.")
def main(*, sections: tuple[str, ...], requests: int, reload: bool) -> None:
    """Run the sections."""
    print(describe())
    for section in sections or _USUAL:
        if section == _SOAK:
            soak.main(requests=requests, reload=reload)
        else:
            (_USUAL | _ALONE)[section]()


if __name__ == "__main__":
    main()
