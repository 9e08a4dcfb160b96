"""The engine from the settings, for `bindguard serve` and for `bindguard review` without a server; excluded namespaces."""

import asyncio
import contextlib
import fnmatch
import functools
import os
import re
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from webhook.admission.answer import ReviewError
from webhook.admission.evaluation import evaluate
from webhook.admission.pods import OverheadMode
from webhook.admission.review import objects_of, open_review
from webhook.admission.rule_set import RuleSet
from webhook.admission.validation import validate
from webhook.admission.vmi_source import VMISource
from webhook.http.reply import RefusedError
from webhook.http.review_engine import Engine
from webhook.http.reviewers import Confirm, Reviewer, finished
from webhook.review_client.client import Ask, UnansweredError
from webhook.rules import RULES
from webhook.rules.base import Action, Finding
from webhook.rules.plan import plan
from webhook.runtime.registry.file import RegistryFile
from webhook.runtime.registry.options import choices_of
from webhook.runtime.settings.contradictions import contradictions_of_evaluation
from webhook.runtime.settings.layers import effective
from webhook.runtime.settings.model import ServeSettings
from webhook.runtime.vmi_directory import NoVMIs, VMIDirectory
from webhook.vmi.objects import VMIObject

_MAX_CACHED = 1024
_NONE = "(?!)"  # matches nothing


class NamespacePatterns:
    """A set of namespaces given by patterns: `"sandbox-1" in NamespacePatterns(["sandbox-*"])`.

    Each review looks up its namespace, so the last results are cached.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        matches = re.compile("|".join(map(fnmatch.translate, sorted(set(patterns)))) or _NONE).match
        self._matches = functools.lru_cache(_MAX_CACHED)(lambda namespace: matches(namespace) is not None)

    def __contains__(self, namespace: object) -> bool:
        return isinstance(namespace, str) and bool(namespace) and self._matches(namespace)


def engine_settings(flags: Mapping[str, object]) -> ServeSettings:
    """The settings of a server with these flags, as far as its verdicts depend on them; `UsageError` as from `bindguard serve`."""
    return effective(flags, os.environ, contradictions=contradictions_of_evaluation).settings


def engine_of(settings: ServeSettings, rule_set: Callable[[], RuleSet], vmis: VMISource, confirm: Confirm | None = None) -> Engine:
    """The engine from the settings.

    Args:
        settings: The settings of the server.
        rule_set: Returns the rule set of this moment.
        vmis: Reads the VMI of a launcher pod.
        confirm: Reads the registry again before a denial; `None` where it cannot be out of date.
    """
    return Engine(
        rule_set=rule_set,
        vmis=vmis,
        mode=OverheadMode(settings.overhead),
        exempt_namespaces=NamespacePatterns(settings.exclude.namespaces),
        confirm=confirm,
        pods=Action(settings.validate_pods),
    )


class LocalEngine(NamedTuple):
    """The engine without a server.

    Attributes:
        ask: Returns the response to a review.
        left_to_kubevirt: Returns what else KubeVirt's own webhook refuses in the object of a review.
        notes: What a reader must know about the registry.
    """

    ask: Ask
    left_to_kubevirt: Callable[[bytes], Sequence[Finding]]
    notes: tuple[str, ...]


@contextlib.contextmanager
def engine(settings: ServeSettings) -> Iterator[LocalEngine]:
    """The engine of a registry file; `UnreadableError` when the file cannot be read."""
    choices = choices_of(settings)
    registry = RegistryFile(settings.registry or "", choices)
    vmis = VMIDirectory(settings.vmi_directory) if settings.vmi_directory is not None else NoVMIs()
    configured = engine_of(settings, lambda: registry.rule_set, vmis)
    reviewers = configured.reviewers()
    with asyncio.Runner() as runner:

        def ask(endpoint: str, body: bytes) -> bytes:
            try:
                return runner.run(_reviewed(reviewers[endpoint], body, settings.deadline_seconds))
            except (ReviewError, RefusedError) as error:
                raise UnansweredError(f"the engine cannot answer: {error}") from error

        def left_to_kubevirt(body: bytes) -> Sequence[Finding]:
            return findings_left_to_kubevirt(body, registry.rule_set, choices.actions, exempt_namespaces=configured.exempt_namespaces)

        yield LocalEngine(ask, left_to_kubevirt, registry.notes)


def findings_left_to_kubevirt(
    body: bytes, rule_set: RuleSet, actions: Mapping[str, Action], *, exempt_namespaces: Container[str] = frozenset()
) -> list[Finding]:
    """What a review's object has that Bindguard denies in `check`, and that it leaves in a cluster to the webhook of the running KubeVirt.

    KubeVirt checks the whole object on every update, so here an update is checked like a new object.

    Args:
        body: The AdmissionReview.
        rule_set: The rules of the cluster.
        actions: Rule actions that differ from the rules' own.
        exempt_namespaces: Where nothing is checked.
    """
    review = open_review(body)
    if validate(review, rule_set, exempt_namespaces=exempt_namespaces).reason:
        return []
    new = objects_of(review).new
    all_rules = plan(RULES, rule_set.registry, actions, upstream_answers=False)
    findings = evaluate(new, all_rules) if isinstance(new, VMIObject) else []
    return [finding for finding in findings if finding.severity is Action.DENY and finding.rule not in rule_set.plan.actions]


async def _reviewed(reviewer: Reviewer, body: bytes, seconds: float) -> bytes:
    return (await finished(reviewer.begin(body), time.monotonic() + seconds)).body
