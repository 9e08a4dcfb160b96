"""One helm for all tests of the chart; they are skipped, with the reason, where there is none."""

import pytest

from tests.chart.helm import Helm, helm_or_skip


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm, with a home of its own: no configuration and no plugin of this machine has a say."""
    return helm_or_skip(tmp_path_factory.mktemp("helm"))
