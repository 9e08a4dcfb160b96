"""One engine: the server over HTTP and `check` over files find the same in the same objects, finding by finding."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.admission.reviews import review
from tests.check.builders import write
from tests.rules.admitter.specs import single_interfaces, specs
from tests.rules.examples import examples, raw_spec
from tests.runtime.server import Server, validate
from webhook.admission.review import open_review
from webhook.admission.rule_set import Support
from webhook.admission.verdict import subject_of, texts_of
from webhook.check.run import run
from webhook.check.settings_layers import Flags, settings_from
from webhook.kube.fieldpath import render
from webhook.kube.text import visible
from webhook.loading.registry import registry_from_file
from webhook.loading.sources import Source
from webhook.rules import RULES
from webhook.rules.base import Action, Finding, RegistrationRule, Rule, ShapeRule
from webhook.rules.plan import plan
from webhook.vmi.kinds import KINDS, Kind

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared/fixtures/admissionreviews"
RECORDED = [*(ROOT / "tests/data/reviews").glob("*.json"), *SHARED.glob("*.json")]
CRS = {"KubeVirt", "HyperConverged"}
CLUSTER = """\
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata: {name: kubevirt, namespace: kubevirt}
spec:
  configuration:
    network:
      permitBridgeInterfaceOnPodNetwork: false
      binding:
        passt: {networkAttachmentDefinition: default/passt, sidecarImage: "quay.io/kubevirt/network-passt-binding:v1.9.0"}
        half: {networkAttachmentDefinition: default/half}
        p: {domainAttachmentType: tap}
"""
VERSIONS = {"unknown": "", "1.4": "v1.4.2", "1.9": "v1.9.0"}
Object: TypeAlias = dict[str, Any]
Told: TypeAlias = tuple[list[str], list[str]]
"""Denials and warnings, each with its field and rule. Both in no particular order: files have one of their own."""


class Sides:
    """A server, and `check` by the registry that the server checks against.

    Attributes:
        version: Of KubeVirt, as the registry tells it; `unknown` where it tells none.
    """

    def __init__(self, directory: Path, version: str, server: Server, client: httpx.Client) -> None:
        self.version = version
        self.server = server
        self._client = client
        self._directory = directory
        self._registry = directory / "r.yaml"
        registry = registry_from_file(Source("r.yaml", str(self._registry))).registry
        self._in_cluster = plan(RULES, registry, {}, upstream_answers=True).actions

    def of_server(self, obj: Object) -> Told:
        response = validate(self._client, review(obj))
        assert response["allowed"] is ("status" not in response)
        causes = response.get("status", {}).get("details", {}).get("causes", [])
        denials = [f"{cause['field']}: {cause['message'].removeprefix(f'{subject(obj)}: ')}" for cause in causes]
        warnings = [warning.removeprefix(f"{subject(obj)}: ") for warning in response.get("warnings", [])]
        return sorted(map(_alone, denials)), sorted(map(_alone, warnings))

    def of_check(self, obj: Object) -> Told:
        """What is left to the server when upstream has answered what is upstream's."""
        findings = [finding for finding in self.findings(obj) if finding.rule in self._in_cluster]
        if obj["kind"] in CRS:
            findings = [msgspec.structs.replace(finding, severity=Action.WARN) for finding in findings]
        denials, warnings = ([finding for finding in findings if finding.severity is severity] for severity in (Action.DENY, Action.WARN))
        return sorted(map(_line, denials)), sorted(map(_line, warnings))

    def findings(self, obj: Object) -> list[Finding]:
        path = self._directory / "object.json"
        path.write_text(json.dumps(obj))
        flags = Flags(paths=(str(path),), registry=str(self._registry), jobs=1)
        report = run(settings_from(flags, directory=self._directory), lambda *_: None)
        assert report.unreadable == []
        return [occurrence.finding for occurrence in report.occurrences]

    def assert_agree(self, obj: Object) -> None:
        assert self.of_server(obj) == self.of_check(obj)


def subject(obj: Object) -> str:
    """The object as the review of `review(obj)` names it."""
    return subject_of(open_review(review(obj)).request)


def _line(finding: Finding) -> str:
    return _alone(f"{visible(render(finding.path))}: {texts_of([finding], Support())[0]}")


def _alone(text: str) -> str:
    """A text without its help, which the server gives only once for all findings that share it."""
    return re.sub(r";? help: .*(?= \[Bindguard )", "", text)


@pytest.fixture(scope="module", params=VERSIONS)
def sides(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    directory = tmp_path_factory.mktemp("parity")
    version = VERSIONS[request.param]
    write(directory, {"r.yaml": CLUSTER + (f"status: {{observedKubeVirtVersion: {version}}}\n" if version else "")})
    listener = ["--plain-uvicorn"] if request.param == "1.4" else []  # what is found does not depend on who listens
    with Server(directory, "--registry", "r.yaml", "--plain-http", *listener) as server, server.client() as client:
        yield Sides(directory, request.param, server, client)


def carrying(spec: Any, kind: Kind) -> Object:
    """An object of a kind with a VMI spec where the kind has it."""
    obj: Object = {"apiVersion": f"{kind.group}/{kind.versions[0]}", "kind": kind.name, "metadata": {"name": "web", "namespace": "default"}}
    at = obj
    for step in kind.spec[:-1]:
        at = at.setdefault(str(step), {})
    at[str(kind.spec[-1])] = spec
    return obj


def of_rule(rule: Rule) -> list[Object]:
    """The examples in a rule's docstring, as objects of every kind that they can be in."""
    if isinstance(rule, ShapeRule):
        return []
    found = [each for heading in ("Refused", "Accepted") for each in examples(rule, heading)]
    if isinstance(rule, RegistrationRule):
        return [with_binding(each.get("binding", {"passt": each})) for each in found]
    return [carrying(raw_spec(each), kind) for each in found for kind in KINDS]


def with_binding(binding: Mapping[str, Any]) -> Object:
    configuration = {"network": {"binding": binding}}
    return {"apiVersion": "kubevirt.io/v1", "kind": "KubeVirt", "metadata": {"name": "kv"}, "spec": {"configuration": configuration}}


def objects_of(paths: Iterable[Path]) -> list[Object]:
    loaded = [each for path in sorted(paths) for each in yaml.safe_load_all(path.read_text())]
    carried = [each["request"]["object"] if each["kind"] == "AdmissionReview" else each for each in loaded]
    return [each for each in carried if each is not None and "deletionTimestamp" not in each["metadata"]]


def test_both_find_the_same_in_every_example_and_recorded_object(sides: Sides) -> None:
    objects = objects_of([*(ROOT / "examples/vms").rglob("*.yaml"), *RECORDED])
    assert len(objects) > 20
    for obj in objects:
        sides.assert_agree(obj)


def test_both_find_the_same_in_every_example_of_every_rule(sides: Sides) -> None:
    found: set[str] = set()
    for obj in (obj for rule in RULES for obj in of_rule(rule)):
        sides.assert_agree(obj)
        found |= {finding.rule for finding in sides.findings(obj)}
    assert len(found) > 40 or sides.version != "unknown"


@given(spec=specs() | single_interfaces(), kind=st.sampled_from(KINDS))
@settings(max_examples=100)
def test_both_find_the_same_in_random_specs(sides: Sides, spec: Object, kind: Kind) -> None:
    sides.assert_agree(carrying(spec, kind))


@pytest.mark.parametrize(
    "odd", [None, 5, "", [], {}, {"domain": None}, {"domain": {"devices": {"interfaces": {}}}}, {"domain": {"devices": 5}}]
)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_both_find_the_same_where_the_shape_is_wrong(sides: Sides, kind: Kind, odd: Any) -> None:
    sides.assert_agree(carrying(odd, kind))
