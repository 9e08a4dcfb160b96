"""What KubeVirt's own admission code answered, as it was recorded beside this checkout, and what the rules say about the same objects."""

import functools
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from webhook.admission.evaluation import evaluate_object
from webhook.plugins.sources import registry_from
from webhook.rules import RULES
from webhook.rules.base import Action
from webhook.rules.plan import Plan, plan

DIRECTORY = Path(__file__).parents[3] / "shared/oracle"
FILES = sorted(DIRECTORY.glob("*.jsonl.gz"))
Object: TypeAlias = dict[str, Any]


class Record(NamedTuple):
    """An object, and what became of it.

    Attributes:
        file: Name of the file that it stands in.
        version: The KubeVirt release.
        causes: Messages of what KubeVirt refused; empty where it accepts the object.
        denied: Names of the rules that deny it.
    """

    file: str
    version: str
    causes: list[str]
    denied: set[str]


def records() -> Iterator[Record]:
    """All that was recorded, release by release."""
    plan_of = functools.cache(lambda version, configuration: plan_for(version, configurations[configuration]))
    configurations = json.loads((DIRECTORY / "configurations.json").read_text())
    for file in FILES:
        for line in filter(None, gzip.decompress(file.read_bytes()).decode().splitlines()):
            read = json.loads(line)
            causes = [cause["message"] for cause in read["causes"]]
            yield Record(file.name, read["version"], causes, denying(read["vmi"], plan_of(read["version"], read["id"])))


def plan_for(version: str, configuration: Object) -> Plan:
    """All rules, for a KubeVirt CR of a release with this `spec.configuration`."""
    cr = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": {"name": "kubevirt", "namespace": "kubevirt"},
        "spec": {"configuration": configuration},
        "status": {"phase": "Deployed", "observedKubeVirtVersion": version, "targetKubeVirtVersion": version},
    }
    return plan(RULES, registry_from(cr, source="the record").registry, {}, upstream_answers=False)


def denying(obj: Object, rules: Plan) -> set[str]:
    """The rules that deny an object."""
    return {finding.rule for finding in evaluate_object(obj, rules) or [] if finding.severity is Action.DENY}
