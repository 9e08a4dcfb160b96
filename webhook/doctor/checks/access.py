"""Permissions of the caller, who needs them to check, and of the pods' service account, which needs them to serve."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from webhook.doctor.result import Result, fail, ok, unknown
from webhook.doctor.snapshot import Need, ReadResult, Snapshot

_CALLER = "your-permissions"
_SERVER = "server-permissions"


def check(snapshot: Snapshot) -> Iterator[Result]:
    """The caller's first."""
    yield _caller(snapshot)
    yield from _server(snapshot)


def _caller(snapshot: Snapshot) -> Result:
    missing = [need for need, answer in snapshot.caller.items() if answer.value is False]
    if missing:
        found = f"you may not {'; '.join(_listed(missing))}: what depends on that was not checked"
        return unknown(_CALLER, found, "let somebody with these permissions run it, or have them granted (docs/doctor.md)")
    if any(answer.value is None for answer in snapshot.caller.values()):
        return unknown(_CALLER, f"they could not be checked: {_problem(snapshot.caller)}")
    return ok(_CALLER, "you have all permissions that the checks need")


def _server(snapshot: Snapshot) -> Iterator[Result]:
    account = f"service account {snapshot.names.namespace}/{snapshot.names.service_account}"
    missing = [need for need, answer in snapshot.server.items() if answer.value is False]
    if missing:
        purposes = dict.fromkeys(need.purpose for need in missing)
        denied = (f"{', '.join(_listed(need for need in missing if need.purpose == each))}, {each}" for each in purposes)
        remedy = "run helm upgrade again, which grants it, and find out who changed the role or its binding"
        yield fail(_SERVER, f"{account} may not {'; nor '.join(denied)}", remedy)
    if all(answer.value is None for answer in snapshot.server.values()):
        remedy = "run this as a user who may create subjectaccessreviews"
        yield unknown(_SERVER, f"those of {account} could not be checked: {_problem(snapshot.server)}", remedy)
    elif not missing:
        yield ok(_SERVER, f"{account} has all permissions that the server needs")


def _listed(needs: Iterable[Need]) -> Iterator[str]:
    """Such as `get/list/watch kubevirts.kubevirt.io`: all verbs on a resource together."""
    verbs: dict[str, list[str]] = {}
    for need in needs:
        verbs.setdefault(str(msgspec.structs.replace(need, verb="")), []).append(need.verb)
    return (f"{'/'.join(those)}{what}" for what, those in verbs.items())


def _problem(answers: Mapping[Need, ReadResult[bool]]) -> str:
    return next((answer.problem for answer in answers.values() if answer.value is None), "there was nothing to check")
