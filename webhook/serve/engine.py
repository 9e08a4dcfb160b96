"""The engine as the settings want it: a server's, or asked with no server between and a rulebook made alike. Opens no port."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping

from webhook.admission.answer import ReviewError
from webhook.admission.mutation import OverheadMode
from webhook.admission.rulebook import Rulebook
from webhook.admission.vmi_source import VMISource
from webhook.asking.ask import Ask, UnansweredError
from webhook.rules.base import Action
from webhook.serve.namespaces import Namespaces
from webhook.serve.registry.choices import choices_of
from webhook.serve.registry.file import RegistryFile
from webhook.serve.settings.contradictions import contradictions_of_judging
from webhook.serve.settings.layers import effective
from webhook.serve.settings.model import ServeSettings
from webhook.serve.vmi_directory import NoVMIs, VMIDirectory
from webhook.server.endpoints import Engine
from webhook.server.reply import RefusedError
from webhook.server.reviewers import Confirm, Reviewer, finished


def engine_settings(flags: Mapping[str, object]) -> ServeSettings:
    """The settings of a server that is started with these flags, as far as it judges; `UsageError` as a server would raise it."""
    return effective(flags, os.environ, contradictions=contradictions_of_judging).settings


def engine_of(settings: ServeSettings, rulebook: Callable[[], Rulebook], vmis: VMISource, confirm: Confirm | None = None) -> Engine:
    """The engine as the settings want it."""
    return Engine(
        rulebook=rulebook,
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
    reviewers = engine_of(settings, lambda: registry.rulebook, vmis).reviewers()
    with asyncio.Runner() as runner:

        def ask(endpoint: str, body: bytes) -> bytes:
            try:
                return runner.run(_reviewed(reviewers[endpoint], body, settings.deadline_seconds))
            except (ReviewError, RefusedError) as error:
                raise UnansweredError(f"the engine cannot answer: {error}") from error

        yield ask, registry.notes


async def _reviewed(reviewer: Reviewer, body: bytes, seconds: float) -> bytes:
    return (await finished(reviewer.begin(body), time.monotonic() + seconds)).body
