"""What an answer costs by the size of the review, of the VM and of the registry: a table in markdown, and a plot in docs/.

In-process, from the bytes of a review to those of its answer, the fastest of several timings. `python -m benchmarks.sizes` writes the plot.
"""

import time
import timeit
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.engine import review, rule_set
from benchmarks.plot import Curve, plotted
from webhook.admission.review import open_review
from webhook.admission.rule_set import RuleSet
from webhook.admission.validation import validate
from webhook.admission.verdict import encode

PLOT = Path(__file__).parents[1] / "docs" / "cost-by-size.svg"
_RUNS = 9
_SECONDS = 0.02


class Growth(NamedTuple):
    """One quantity that grows, the review and the rule set for each amount of it, and what a unit of it is."""

    name: str
    unit: str
    amounts: Sequence[int]
    made: Callable[[int], tuple[bytes, RuleSet]]


def _of_bytes(size: int) -> tuple[bytes, RuleSet]:
    return review(2, padding=max(0, size - len(review(2)))), rule_set(10)


def _misspelt(plugins: int) -> tuple[bytes, RuleSet]:
    return review(2).replace(b'"p1"', b'"pp1"'), rule_set(plugins)


GROWTHS = (
    Growth("review, 2 interfaces", "kB", (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000), _of_bytes),
    Growth("VM, all but one on plugins", "interfaces", (1, 3, 10, 30, 100, 300, 1000), lambda n: (review(n), rule_set(n))),
    Growth("registry", "plugins", (1, 10, 100, 1000, 10_000), lambda n: (review(2), rule_set(max(2, n)))),
    Growth("registry without the plugin", "plugins", (1, 10, 100, 1000, 10_000), _misspelt),
)


def seconds(body: bytes, by: RuleSet) -> float:
    """Seconds of one answer."""

    def answer() -> None:
        opened = open_review(body)
        encode(opened.request, validate(opened, by), by, now=time.monotonic())

    number = max(1, int(_SECONDS / timeit.timeit(answer, number=1)))
    return min(timeit.repeat(answer, timer=time.process_time, number=number, repeat=_RUNS)) / number


def main() -> None:
    """Print the table, write the plot."""
    curves = []
    print("| what grows | amount | bytes of the review | us | us per unit |")
    print("|---|--:|--:|--:|--:|")
    for growth in GROWTHS:
        points = []
        for amount in growth.amounts:
            body, by = growth.made(amount)
            spent = seconds(body, by) * 1e6
            units = amount / 1000 if growth.unit == "kB" else amount
            print(f"| {growth.name} ({growth.unit}) | {units:,g} | {len(body):,} | {spent:,.1f} | {spent / units:.3g} |")
            points.append((units, spent))
        curves.append(Curve(f"{growth.name} ({growth.unit})", points))
    PLOT.write_text(plotted(curves, x="amount", y="microseconds for one answer"))


if __name__ == "__main__":
    main()
