"""The engine as the settings want it, for a server or for `bindguard review` without one; and the namespaces that are left out."""

import asyncio
import contextlib
import fnmatch
import functools
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from webhook.admission.answer import ReviewError
from webhook.admission.mutation import OverheadMode
from webhook.admission.rule_set import RuleSet
from webhook.admission.vmi_source import VMISource
from webhook.http.reply import RefusedError
from webhook.http.review_engine import Engine
from webhook.http.reviewers import Confirm, Reviewer, finished
from webhook.review_client.client import Ask, UnansweredError
from webhook.rules.base import Action
from webhook.runtime.registry.file import RegistryFile
from webhook.runtime.registry.options import choices_of
from webhook.runtime.settings.contradictions import contradictions_of_evaluation
from webhook.runtime.settings.layers import effective
from webhook.runtime.settings.model import ServeSettings
from webhook.runtime.vmi_directory import NoVMIs, VMIDirectory

_MAX_REMEMBERED = 1024
_NONE = "(?!)"  # matches nothing


class Namespaces:
    """Patterns, which contain every namespace that one of them matches: `"sandbox-1" in Namespaces(["sandbox-*"])`.

    It is asked for each review, so the last answers are remembered.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        matches = re.compile("|".join(map(fnmatch.translate, sorted(set(patterns)))) or _NONE).match
        self._matches = functools.lru_cache(_MAX_REMEMBERED)(lambda namespace: matches(namespace) is not None)

    def __contains__(self, namespace: object) -> bool:
        return isinstance(namespace, str) and bool(namespace) and self._matches(namespace)


def engine_settings(flags: Mapping[str, object]) -> ServeSettings:
    """The settings of a server that is started with these flags, as far as it checks; `UsageError` as a server would raise it."""
    return effective(flags, os.environ, contradictions=contradictions_of_evaluation).settings


def engine_of(settings: ServeSettings, rule_set: Callable[[], RuleSet], vmis: VMISource, confirm: Confirm | None = None) -> Engine:
    """The engine as the settings want it."""
    return Engine(
        rule_set=rule_set,
        vmis=vmis,
        mode=OverheadMode(settings.overhead),
        exempt_namespaces=Namespaces(settings.exclude.namespaces),
        confirm=confirm,
        pods=Action(settings.validate_pods),
    )


@contextlib.contextmanager
def engine(settings: ServeSettings) -> Iterator[tuple[Ask, tuple[str, ...]]]:
    """The engine, and what must be told about its registry; `UnreadableError` when that cannot be read."""
    registry = RegistryFile(settings.registry or "", choices_of(settings))
    vmis = VMIDirectory(settings.vmi_directory) if settings.vmi_directory is not None else NoVMIs()
    reviewers = engine_of(settings, lambda: registry.rule_set, vmis).reviewers()
    with asyncio.Runner() as runner:

        def ask(endpoint: str, body: bytes) -> bytes:
            try:
                return runner.run(_reviewed(reviewers[endpoint], body, settings.deadline_seconds))
            except (ReviewError, RefusedError) as error:
                raise UnansweredError(f"the engine cannot answer: {error}") from error

        yield ask, registry.notes


async def _reviewed(reviewer: Reviewer, body: bytes, seconds: float) -> bytes:
    return (await finished(reviewer.begin(body), time.monotonic() + seconds)).body
