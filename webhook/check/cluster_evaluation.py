"""Objects of a cluster checked page by page: JSON in, occurrences out.

An object's file is called `cluster:NAMESPACE/KIND/NAME`, and its lines are those that `kubectl get -o yaml` prints.
"""

from collections.abc import Iterable

import msgspec

from webhook.admission.evaluation import evaluate_object
from webhook.check.defects import defect
from webhook.check.evaluation import EvaluatedFile, found_in, is_excluded, located, ref_of
from webhook.check.owners import FoundAtOwners
from webhook.errors import UnreadableError
from webhook.kube.fieldpath import look_up
from webhook.kube.shape import UNDECODABLE
from webhook.report.findings import ObjectRef
from webhook.rules.base import Finding
from webhook.rules.plan import Plan

SCHEME = "cluster:"


class ClusterEvaluator:
    """Checks objects, owners before what was made from them.

    Attributes:
        evaluated: What came out so far.
        told_at_owner: Findings that were left out, as they were told at the object's owner.
    """

    def __init__(self, plan: Plan, exclude_namespaces: tuple[str, ...]) -> None:
        self._plan = plan
        self._exclude_namespaces = exclude_namespaces
        self._at_owners = FoundAtOwners()
        self.evaluated = EvaluatedFile()
        self.told_at_owner = 0

    def evaluate_items(self, items: Iterable[msgspec.Raw], api_version: str, kind: str) -> None:
        """All objects of a page; items may leave `apiVersion` and `kind` to their list."""
        for item in items:
            self.evaluated.documents += 1
            try:
                obj = msgspec.json.decode(item)
            except UNDECODABLE as error:
                self.evaluated.unreadable.append(UnreadableError(f"an object cannot be read: {error}", file=f"{SCHEME}{kind}"))
                continue
            self._evaluate_object({"apiVersion": api_version, "kind": kind, **obj})

    def _evaluate_object(self, obj: dict[str, object]) -> None:
        try:
            findings = evaluate_object(obj, self._plan)
        except Exception as error:  # noqa: BLE001 - a defect of one rule hides neither itself nor what else is found
            ref = ref_of(obj)
            self.evaluated.unreadable.append(defect(error, str(ref), file_of(ref)))
            return
        if findings is None or look_up(obj, ("metadata", "deletionTimestamp")) is not None:
            self.evaluated.passed_over += 1
        elif is_excluded(obj, self._exclude_namespaces):
            self.evaluated.excluded += 1
        else:
            self.evaluated.checked += 1
            new = self._at_owners.new_in(obj, findings)
            self.told_at_owner += len(findings) - len(new)
            self._tell(obj, new)

    def _tell(self, obj: dict[str, object], findings: list[Finding]) -> None:
        if not findings:
            return
        from webhook.check.kubectl_yaml import as_kubectl_prints  # noqa: PLC0415 - brings PyYAML along, which clean clusters do not need

        document = as_kubectl_prints(obj, file_of(ref_of(obj)))
        self.evaluated.occurrences += located(document, found_in(obj, findings))


def file_of(ref: ObjectRef) -> str:
    """What the object is called where a report wants a file."""
    return f"{SCHEME}{ref.namespace}/{ref.kind}/{ref.name}" if ref.namespace else f"{SCHEME}{ref.kind}/{ref.name}"
