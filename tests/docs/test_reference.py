"""The reference pages are those that the code generates."""

import re

import pytest

from docs.reference import DOCS, PAGES, metrics
from tests.chart.test_monitoring import measured


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_the_generated_one(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run: make docs"


def test_the_page_of_metrics_has_every_metric_that_is_measured() -> None:
    shown = {re.sub("_(bucket|sum|count)$", "", name) for name in measured() if name.startswith("bindguard_")}
    ours = {name for name in shown if not name.endswith("_created") and f"{name}_total" not in shown}
    assert len(ours) > 20
    assert [name for name in sorted(ours) if f"`{name}`" not in metrics()] == []
