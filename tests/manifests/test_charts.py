"""Which chart renders a file."""

from pathlib import Path

import pytest

from webhook.manifests.charts import chart_of


@pytest.mark.parametrize(
    ("file", "chart"),
    [
        ("shop/templates/vm.yaml", "shop"),
        ("shop/templates/vms/vm.yaml", "shop"),
        ("shop/charts/db/templates/vm.yaml", "shop"),
        ("shop/charts/db/charts/cache/templates/vm.yaml", "shop"),
        ("shop/values.yaml", None),
        ("shop/files/vm.yaml", None),
        ("plain/templates/vm.yaml", None),
        ("plain/charts/db/templates/vm.yaml", "plain/charts/db"),
    ],
)
def test_a_template_belongs_to_the_outermost_chart_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, chart: str | None
) -> None:
    for directory in ("shop", "shop/charts/db", "shop/charts/db/charts/cache", "plain/charts/db"):
        (tmp_path / directory).mkdir(parents=True, exist_ok=True)
        (tmp_path / directory / "Chart.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert chart_of(file) == chart
    assert chart_of(str(tmp_path / file)) == (str(tmp_path / chart) if chart is not None else None)


def test_a_chart_may_be_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Chart.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert chart_of("templates/vm.yaml") == "."
