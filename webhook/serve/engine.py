"""The engine asked with no server between: the same reviewers, and a rulebook made as the server makes it. Opens no port."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping

from webhook.admission.answer import ReviewError
from webhook.admission.mutation import OverheadMode
from webhook.admission.rulebook import Rulebook
from webhook.asking.ask import MUTATE, VALIDATE, Ask, UnansweredError
from webhook.kube.version import parse_version
from webhook.rules.base import Action
from webhook.serve.contradictions import contradictions_of_judging
from webhook.serve.layers import effective
from webhook.serve.namespaces import Namespaces
from webhook.serve.registry_file import Choices, RegistryFile
from webhook.serve.settings import ServeSettings
from webhook.serve.vmi_directory import NoVMIs, VMIDirectory
from webhook.server.pods import Mutating, ValidatingPods
from webhook.server.reply import RefusedError
from webhook.server.reviewers import Reviewer, Validating


def engine_settings(flags: Mapping[str, object]) -> ServeSettings:
    """The settings of a server that is started with these flags, as far as it judges; `UsageError` as a server would raise it."""
    return effective(flags, os.environ, contradictions=contradictions_of_judging).settings


@contextlib.contextmanager
def engine(settings: ServeSettings) -> Iterator[tuple[Ask, tuple[str, ...]]]:
    """The engine, and what must be told about its registry; `UnreadableError` when that cannot be read."""
    version = settings.kubevirt_version
    registry = RegistryFile(settings.registry or "", Choices(settings.rules, None if version is None else parse_version(version)))
    reviewers = _reviewers(settings, lambda: registry.rulebook)
    with asyncio.Runner() as runner:

        def ask(endpoint: str, body: bytes) -> bytes:
            try:
                return runner.run(_reviewed(reviewers[endpoint], body, settings.deadline_seconds))
            except (ReviewError, RefusedError) as error:
                raise UnansweredError(f"the engine cannot answer: {error}") from error

        yield ask, registry.notes


def _reviewers(settings: ServeSettings, rulebook: Callable[[], Rulebook]) -> Mapping[str, Reviewer]:
    vmis = VMIDirectory(settings.vmi_directory) if settings.vmi_directory is not None else NoVMIs()
    mode, exempt, action = OverheadMode(settings.overhead), Namespaces(settings.exclude.namespaces), Action(settings.validate_pods)
    pods = ValidatingPods(rulebook=rulebook, vmis=vmis, mode=mode, action=action, exempt_namespaces=exempt)
    return {
        VALIDATE: Validating(rulebook, exempt, pods=pods if action is not Action.OFF else None),
        MUTATE: Mutating(rulebook, vmis, mode),
    }


async def _reviewed(reviewer: Reviewer, body: bytes, seconds: float) -> bytes:
    return (await reviewer(body, time.monotonic() + seconds)).body
