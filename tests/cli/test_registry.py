"""`bindguard registry`: what a cluster registers goes into a file, and checks there as it did before."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.check.builders import vm, write
from tests.check.cluster import SPEC, Cluster, deployed_kubevirt
from tests.cli.bindguard import bindguard
from tests.cluster.fake_api import FakeApi
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE, EXIT_USAGE
from webhook.loading.export import exported
from webhook.plugins.sources import registry_from

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with FakeApi() as api:
        yield Cluster(api)


def full(**metadata: Any) -> dict[str, Any]:
    """A KubeVirt CR with all that is read, and more."""
    found = deployed_kubevirt(targetKubeVirtVersion="v1.9.0", conditions=[{"type": "Available"}])
    found["metadata"] |= metadata
    found["spec"]["configuration"] |= {"developerConfiguration": {"featureGates": ["A"], "disabledFeatureGates": ["B"], "logVerbosity": {}}}
    found["spec"]["configuration"]["network"] |= {"defaultNetworkInterface": "masquerade", "permitBridgeInterfaceOnPodNetwork": False}
    return found


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"labels": {"app.kubernetes.io/managed-by": "hco-operator", "x": "y"}},
        {"ownerReferences": [{"kind": "HyperConverged", "name": "h"}]},
    ],
)
def test_an_exported_registry_is_the_registry_of_the_cr(metadata: dict[str, Any]) -> None:
    obj = full(**metadata)
    text = exported(obj, server="https://cluster", at=AT)
    assert registry_from(yaml.safe_load(text), source="x") == registry_from(obj, source="x")
    assert not any(word in text for word in ("managedFields", "conditions", "logVerbosity", "uid"))


def test_equal_crs_give_equal_text_but_for_where_and_when() -> None:
    once, again = exported(full(), server="https://a", at=AT), exported(full(), server="https://a", at=AT)
    assert once == again
    assert once.startswith("# The registry of https://a, 2026-01-02T03:04:05Z, resourceVersion 7.\n")


def test_a_server_s_name_cannot_end_the_comment() -> None:
    assert exported(full(), server="https://a\nkind: x", at=AT).splitlines()[0].endswith("resourceVersion 7.")


def test_what_was_exported_checks_in_ci_without_the_cluster(cluster: Cluster, tmp_path: Path) -> None:
    write(tmp_path, {"good/vm.yaml": vm(), "bad/vm.yaml": vm("slip")})
    done = bindguard("registry", "export", "--kubeconfig", cluster.kubeconfig(tmp_path), "--output-file", "live.yaml", directory=tmp_path)
    assert (done.returncode, done.stdout) == (EXIT_CLEAN, b"")
    assert bindguard("check", "good", "--registry", "live.yaml", directory=tmp_path).returncode == EXIT_CLEAN
    assert bindguard("check", "bad", "--registry", "live.yaml", directory=tmp_path).returncode == EXIT_FINDINGS


def test_the_registry_of_a_file_and_of_a_cluster_are_shown_alike(cluster: Cluster, tmp_path: Path) -> None:
    write(tmp_path, {"live.yaml": bindguard("registry", "export", "--kubeconfig", cluster.kubeconfig(tmp_path)).stdout})
    of_file = bindguard("registry", "show", "live.yaml", directory=tmp_path)
    of_cluster = bindguard("registry", "show", "--context", "here", "--kubeconfig", cluster.kubeconfig(tmp_path))
    assert of_file.stdout.splitlines()[1:] == of_cluster.stdout.splitlines()[1:]
    assert of_file.stdout.splitlines()[2].startswith(b"feature gates switched on: ")
    assert of_file.stdout.splitlines()[-1].split() == [b"l2bridge", b"-", b"managedTap", b"-", b"yes", b"-"]


def test_a_file_and_a_cluster_at_once_are_refused(tmp_path: Path) -> None:
    assert bindguard("registry", "show", "x.yaml", "--context", "here", directory=tmp_path).returncode == EXIT_USAGE


def test_a_cluster_that_may_not_be_read_is_one_line_that_says_how_to_grant_it(cluster: Cluster, tmp_path: Path) -> None:
    cluster.forbidden = {f"{SPEC}/kubevirts"}
    done = bindguard("registry", "export", "--kubeconfig", cluster.kubeconfig(tmp_path))
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (EXIT_UNREADABLE, b"", 1)
    assert b"--verb=list --resource=kubevirts.kubevirt.io" in done.stderr
