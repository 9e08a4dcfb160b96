"""Figures as a markdown table, to be copied into docs/performance.md as it is printed."""


def head(title: str) -> None:
    """What is measured, and the table's first two lines."""
    print(f"\n{title}\n\n| what | result | target | note |\n| --- | --- | --- | --- |", flush=True)


def line(name: str, figure: str, aim: str, beside: str = "") -> None:
    """One figure, printed at once: the next may take minutes."""
    print(f"| {name} | {figure} | {aim} | {beside} |", flush=True)
