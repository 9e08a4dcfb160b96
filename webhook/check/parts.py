"""The objects to check in a manifest: the manifest itself, corrected if its kind is mistyped, or the objects inside it."""

from collections.abc import Iterator
from typing import NamedTuple

from webhook.admission.evaluation import evaluate_object
from webhook.admission.ratchet import softened
from webhook.check.embedded import embedded_in
from webhook.check.keys import unknown_keys, with_empty_bindings, without_consequences
from webhook.check.lookalikes import lookalike
from webhook.check.placeholders import without_placeholders
from webhook.kube.fieldpath import Path, text_at
from webhook.plugins.sources import is_hyperconverged, is_kubevirt
from webhook.rules.base import Action, Finding, ShapeError
from webhook.rules.plan import Plan
from webhook.vmi.kinds import kind_of

_MISSING = "missing-field"


class Part(NamedTuple):
    """An object to check.

    Attributes:
        obj: The object.
        path: From the root of the manifest.
        errors: What is wrong with its apiVersion and kind, if they are mistyped.
        is_embedded: Whether it is part of another object.
        as_written: Whether it is applied as written, except for parameters.
    """

    obj: object
    path: Path = ()
    errors: tuple[ShapeError, ...] = ()
    is_embedded: bool = False
    as_written: bool = True

    def evaluate(self, plan: Plan) -> list[Finding]:
        """All findings, with paths from the object's root."""
        unknown = unknown_keys(self.obj, plan.registry)
        keys = plan.evaluate_shapes(unknown)
        findings = evaluate_object(self.obj, plan) or []
        if findings:
            denied = [error for error, key in zip(unknown, keys, strict=False) if key.severity is Action.DENY]  # no keys if the rule is off
            findings = with_empty_bindings(without_consequences(findings, denied, self.obj), self.obj)
        findings += keys
        if not self.as_written:
            findings = softened(finding for finding in findings if finding.rule != _MISSING)
        elif not self.is_embedded and _is_nameless(self.obj):  # such a file is a patch, or kubectl refuses it itself
            missing = [finding for finding in findings if finding.rule == _MISSING]
            findings = [*softened(missing), *(finding for finding in findings if finding.rule != _MISSING)]
        findings = without_placeholders(findings, self.obj, parameters=self.is_embedded)
        return [*plan.evaluate_shapes(self.errors), *findings] if self.errors else findings


def _is_nameless(obj: object) -> bool:
    return not (text_at(obj, "metadata", "name") or text_at(obj, "metadata", "generateName"))


def parts_of(manifest: object, *, as_written: bool = True) -> Iterator[Part]:
    """The objects to check in a manifest; `as_written` says whether it is applied unchanged. None if it has nothing to check."""
    if kind_of(manifest) is not None or is_kubevirt(manifest) or is_hyperconverged(manifest):
        yield Part(manifest, as_written=as_written)
    elif (meant := lookalike(manifest)) is not None:
        yield Part(meant.obj, errors=(meant.error,), as_written=as_written)
    else:
        for each in embedded_in(manifest):
            yield Part(each.obj, each.path, is_embedded=True, as_written=as_written and each.as_written)
