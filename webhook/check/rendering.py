"""Render kustomizations with kustomize or kubectl. The repository may be hostile: no network, no other program, limits on time and size."""

# ruff: noqa: PTH110, PTH112, PTH118 - names stay as they are written; pathlib would change them

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from webhook.check.kustomize import BUILT, FILE_NAMES, Kustomization, kustomization_in
from webhook.errors import UnreadableError, UsageError
from webhook.kube.text import quoted
from webhook.loading.sources import KUSTOMIZE, Source

_TIMEOUT_SECONDS = 60
_MAX_BYTES = 64 * 1024 * 1024
_MAX_ERROR_BYTES = 4096
_CHUNK = 64 * 1024
_COMPONENT = "Component"
_LOG_PREFIX = re.compile(r'^E\d{4} .*?\] "command failed" err=')

_READ = ("patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "configurations", "crds", "openapi")
_GENERATED = ("configMapGenerator", "secretGenerator")
_INLINE = frozenset(
    {
        *("apiVersion", "kind", "metadata", "namespace", "namePrefix", "nameSuffix", "labels", "commonLabels", "commonAnnotations"),
        *("images", "replicas", "generatorOptions", "vars", "sortOptions", "buildMetadata"),
    }
)
"""Keys of a kustomization that name no file. A key that is in none of these groups might run or fetch something, and is refused."""

_REMOTE = re.compile(r"(?:\A|=)\s*(?:[a-z][a-z0-9+.-]*:|[\w.-]+@|github\.com/)", re.IGNORECASE)
"""What kustomize would fetch: a URL or a git repository in any spelling, also behind `KEY=` in a generator."""


class Rendered(NamedTuple):
    """The rendered kustomizations.

    Attributes:
        sources: What kustomize printed.
        files: The files that kustomizations build; they are not checked themselves.
        problems: Kustomizations that were not rendered, and why.
    """

    sources: list[Source]
    files: frozenset[str]
    problems: list[UnreadableError]


def render_roots(kustomizations: Sequence[Kustomization], stack: contextlib.ExitStack) -> Rendered:
    """Render each kustomization that no other one builds. The sources can be read until `stack` is closed.

    Raises:
        UsageError: Neither kustomize nor kubectl is installed.
    """
    command = _command()
    rendered = Rendered([], frozenset(), [])
    files: set[str] = set()
    for root in _roots(kustomizations):
        name = f"{KUSTOMIZE}{root.name}"
        try:
            tree = _files_of(root)
            path = stack.enter_context(_output([*command, root.directory]))
        except _NotRenderedError as error:
            message = f"not rendered: {error}; render it yourself, and pipe the result to bindguard check -"
            rendered.problems.append(UnreadableError(message, file=name))
        else:
            rendered.sources.append(Source(name, path, origin=os.path.join(root.name, FILE_NAMES[0])))
            files |= tree
    return rendered._replace(files=frozenset(files))


def _command() -> list[str]:
    for name, command in (("kustomize", "build"), ("kubectl", "kustomize")):
        if program := shutil.which(name):
            return [os.path.abspath(program), command, "--load-restrictor=LoadRestrictionsRootOnly"]  # noqa: PTH100 - as above
    raise UsageError("--kustomize: neither kustomize nor kubectl is installed; install one, or pipe what it renders to bindguard check -")


def _roots(kustomizations: Iterable[Kustomization]) -> Iterator[Kustomization]:
    candidates = [each for each in kustomizations if each.is_checked and each.content.get("kind") != _COMPONENT]
    built = {path for each in candidates for path in each.paths(BUILT)}
    return (each for each in candidates if each.directory not in built)


class _NotRenderedError(Exception):
    """A kustomization was refused or failed; the message says why."""


def _files_of(root: Kustomization) -> set[str]:
    """All files of a kustomization and of the kustomizations that it builds.

    Raises:
        _NotRenderedError: One of them might read, fetch or run something else.
    """
    files: set[str] = set()
    waiting, seen = [root], {root.directory}
    while waiting:
        one = waiting.pop()
        _check(one)
        files |= {*one.paths(BUILT), *one.patches()}
        for directory in one.paths(BUILT):
            if directory not in seen and os.path.isdir(directory):
                seen.add(directory)
                inner = kustomization_in(directory, directory, is_checked=False)
                if inner is None:
                    raise _NotRenderedError(f"{quoted(directory)} has no kustomization that can be read")
                waiting.append(inner)
    return files


def _check(one: Kustomization) -> None:
    allowed = {*BUILT, *_READ, *_GENERATED, *_INLINE}
    for key, value in one.content.items():
        if key not in allowed:
            raise _NotRenderedError(f"{quoted(key)} in {quoted(one.name)} may run or fetch something")
        if key not in _INLINE and (remote := next((text for text in _texts(value, key) if _REMOTE.search(text)), None)) is not None:
            raise _NotRenderedError(f"{quoted(remote)} in {quoted(one.name)} is not in the repository")
    listed = [entry for key in BUILT if isinstance(entries := one.content.get(key, []), list) for entry in entries]
    if not all(isinstance(entry, str) and "\n" not in entry for entry in listed):
        raise _NotRenderedError(f"what {quoted(one.name)} builds is not a list of paths")
    for path in one.paths(BUILT):
        if not os.path.exists(path):
            raise _NotRenderedError(f"{quoted(path)} does not exist")
        if os.path.realpath(path) != os.path.normpath(os.path.join(os.path.realpath(one.directory), os.path.relpath(path, one.directory))):
            raise _NotRenderedError(f"{quoted(path)} is or goes through a symbolic link")


def _texts(value: object, key: str) -> Iterator[str]:
    """All one-line texts in a value, except the literals of a generator. Inline patches have several lines."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str) and "\n" not in item:
            yield item
        elif isinstance(item, dict):
            waiting += [inner for name, inner in item.items() if not (name == "literals" and key in _GENERATED)]
        elif isinstance(item, list):
            waiting += item


@contextlib.contextmanager
def _output(command: Sequence[str]) -> Iterator[str]:
    """The path of a file with what a command prints; `_NotRenderedError` when it fails, takes too long or prints too much."""
    with tempfile.TemporaryDirectory(prefix="bindguard-kustomize-") as home, tempfile.TemporaryFile(dir=home) as errors:
        nothing = {"PATH": home, "HOME": home, "TMPDIR": home}  # neither git nor plugins are found here
        proxy = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
        spool = os.path.join(home, "rendered.yaml")
        process = subprocess.Popen(  # noqa: S603 - kustomize or kubectl, with a directory as its only argument
            command, env=nothing | proxy, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
        _copy(process, spool)
        if process.returncode != 0:
            errors.seek(0)
            lines = errors.read(_MAX_ERROR_BYTES).decode(errors="replace").strip().splitlines()
            raise _NotRenderedError(_LOG_PREFIX.sub("", lines[-1]) if lines else f"{command[0]} ended with exit code {process.returncode}")
        yield spool


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _copy(process: "subprocess.Popen[bytes]", path: str) -> None:
    """Copy what a process prints into a file, until the process ends or is killed."""
    timer = threading.Timer(_TIMEOUT_SECONDS, _kill, (process.pid,))
    timer.start()
    size = 0
    try:
        with open(path, "wb") as file:  # noqa: PTH123 - as above
            while chunk := process.stdout.read(_CHUNK) if process.stdout is not None else b"":
                size += file.write(chunk)
                if size > _MAX_BYTES:
                    _kill(process.pid)
                    raise _NotRenderedError(f"it has more than {_MAX_BYTES:,} bytes")
        process.wait()
    finally:
        timer.cancel()
        timer.join()  # no thread may be left when workers are forked
        with process:
            process.kill()
    if process.returncode == -signal.SIGKILL:
        raise _NotRenderedError(f"it took more than {_TIMEOUT_SECONDS} seconds")
