"""Cases from users' reports beside this checkout: small inputs, and what a run over each must find."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.check.builders import checked
from webhook.rules.base import Action

CASES = Path(__file__).parents[2] / "shared/cases"


class Case(NamedTuple):
    """A run over one of the cases.

    Attributes:
        name: The directory.
        found: File, rule and severity of each finding.
        paths: What is checked in it, all of it when empty.
        flags: Of `bindguard check`.
    """

    name: str
    found: frozenset[tuple[str, str, str]]
    paths: tuple[str, ...]
    flags: dict[str, Any]


def case(name: str, *found: str, paths: tuple[str, ...] = (), **flags: Any) -> Case:
    """`case("09-bootorder", "deny vm.yaml duplicate-boot-order")`."""
    split = (each.split() for each in found)
    return Case(name, frozenset((file, rule, severity) for severity, file, rule in split), paths, flags)


MISNAMED = ("interface-without-network", "network-without-interface")
RUNS = [
    case("07-iface-without-name", "deny vm.yaml invalid-interface-name"),
    case("09-bootorder", "deny vm.yaml duplicate-boot-order", "deny zero.yaml invalid-boot-order"),
    case("11-passt-plugin-on-multus", "deny vm.yaml plugin-without-pod-network"),
    case(
        "11-passt-plugin-on-multus",
        "deny vm.yaml plugin-without-pod-network",
        "warn vm.yaml deprecated-plugin",
        kubevirt_version="1.9",
    ),
    case("12-vmnetworkcidr", "deny vm.yaml invalid-vm-network-cidr"),
    case("13-probe-no-podnet", "deny vm.yaml probe-without-pod-network"),
    case("14-macvtap-on-pod", "warn vm.yaml plugin-without-tap-device"),
    case("15-registration-wrong-place", "deny a-spec-network.yaml unknown-key", paths=("a-spec-network.yaml",)),
    case(
        "15-registration-wrong-place",
        "deny e-hco-v1path-in-v1beta1.yaml unknown-key",
        paths=("e-hco-v1path-in-v1beta1.yaml",),
    ),
    case("16-hco-jsonpatch"),
    case("17-openshift-template", *(f"deny t.yaml {rule}" for rule in (*MISNAMED, "unknown-model"))),
    case("18-kustomize-overlay"),
    case(
        "19-wrong-group-or-no-apiversion",
        *(f"deny {file} {rule}" for file in ("noapi.yaml", "pool.yaml") for rule in (*MISNAMED, "not-a-kind")),
    ),
    case("21-embedded", *(f"deny capk.yaml {rule}" for rule in MISNAMED)),
    case("22-cluster-eviction-strategy", *(f"warn {file} not-live-migratable" for file in ("vm.yaml", "vm-own.yaml"))),
    case("23-unknown-binding-key", "deny vm.yaml unknown-key"),
    case(
        "24-misplaced-blocks",
        "deny multus-typos.yaml unknown-key",
        "deny multus-typos.yaml invalid-network-reference",
        "deny under-domain.yaml unknown-key",
    ),
    *(case("27-hco-passt-annotation", kubevirt_version=version) for version in ("1.6", "1.7")),
    case("27-hco-passt-annotation", "warn vm.yaml deprecated-plugin", kubevirt_version="1.8"),
    case("27-hco-passt-annotation", *(f"warn vm.yaml {rule}" for rule in ("deprecated-plugin", "unregistered-plugin"))),
    case("28-monorepo-two-clusters", "deny clusters/west/vm.yaml unregistered-plugin"),
    case("29-unreadable-non-manifest"),
    case("34-hard-coded-name-severity", "deny vm.yaml plugin-hard-coded-name"),
    case(
        "34-hard-coded-name-severity",
        "deny vm.yaml plugin-hard-coded-name",
        "warn vm.yaml deprecated-plugin",
        kubevirt_version="1.9",
    ),
    case("43-nothing-judged-is-green"),
    case(
        "50-other-objects",
        "deny vms.yaml invalid-network-reference",
        "warn vms.yaml state-without-effect",
        "warn vms.yaml default-network-without-namespace",
    ),
    case(
        "50-other-objects",
        "deny vms.yaml invalid-network-reference",
        "deny vms.yaml dra-without-sriov-or-plugin",
        "warn vms.yaml state-without-effect",
        "warn vms.yaml default-network-without-namespace",
        kubevirt_version="1.10",
    ),
]


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside this checkout")
@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.name} {' '.join(map(str, run.flags.values()))}".strip())
def test_a_reported_case_has_the_right_answer(run: Case) -> None:
    directory = CASES / run.name
    report = checked(directory, *run.paths, **run.flags)
    found = {(str(Path(each.file).relative_to(directory)), each.finding.rule, each.finding.severity.value) for each in report.occurrences}
    assert found == run.found
    assert report.unreadable == []


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside this checkout")
def test_every_case_is_run() -> None:
    assert {path.name for path in CASES.iterdir() if path.is_dir()} == {run.name for run in RUNS}


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside this checkout")
def test_a_run_that_checks_nothing_can_fail() -> None:
    report = checked(CASES / "43-nothing-judged-is-green", fail_on_nothing=True)
    assert report.exit_code(fail_on=Action.DENY) != 0
