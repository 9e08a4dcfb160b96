"""Find the Helm chart that a template belongs to."""

# ruff: noqa: PTH100, PTH110, PTH117, PTH118, PTH119, PTH120 - names stay as the user wrote them; pathlib would change them

import os


def chart_of(file: str) -> str | None:
    """The directory of the chart that renders `file`, or `None` if it is no template of a chart. For a subchart: the outermost chart."""
    directory = os.path.dirname(os.path.abspath(file))
    chart = _parent_chart(directory, "templates")
    while chart is not None and (outer := _parent_chart(os.path.dirname(chart), "charts")) is not None:
        chart = outer
    return chart if chart is None or os.path.isabs(file) else os.path.relpath(chart)


def _parent_chart(directory: str, name: str) -> str | None:
    """The nearest chart above `directory` that has it in its subdirectory `name`."""
    while (parent := os.path.dirname(directory)) != directory:
        if os.path.basename(directory) == name and os.path.exists(os.path.join(parent, "Chart.yaml")):
            return parent
        directory = parent
    return None
