"""One helm for all tests of the chart; they are skipped, with the reason, where there is none."""

import pytest

from tests.chart.helm import Helm, find_helm


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm, with a home of its own: no configuration and no plugin of this machine has a say."""
    directory = tmp_path_factory.mktemp("helm")
    program = find_helm(directory)
    if program is None:
        pytest.skip("no helm: put it on the PATH, or install requirements/tools.txt")
    return Helm(program, directory)
