"""Permissions: the caller's, without which something could not be looked at, and the service account's, without which pods cannot serve."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from webhook.doctor.result import Result, fail, ok, unknown
from webhook.doctor.snapshot import Need, ReadResult, Snapshot

_CALLER = "your-permissions"
_SERVER = "server-permissions"


def check(snapshot: Snapshot) -> Iterator[Result]:
    """Both."""
    yield _caller(snapshot)
    yield from _server(snapshot)


def _caller(snapshot: Snapshot) -> Result:
    missing = [need for need, answer in snapshot.caller.items() if answer.value is False]
    if missing:
        found = f"you may not {'; '.join(_listed(missing))}: what hangs on it was not looked at"
        return unknown(_CALLER, found, "ask somebody who may, or have it granted (docs/doctor.md)")
    if any(answer.value is None for answer in snapshot.caller.values()):
        return unknown(_CALLER, f"they could not be asked for: {_problem(snapshot.caller)}")
    return ok(_CALLER, "you may read all that was looked for")


def _server(snapshot: Snapshot) -> Iterator[Result]:
    account = f"service account {snapshot.names.namespace}/{snapshot.names.service_account}"
    missing = [need for need, answer in snapshot.server.items() if answer.value is False]
    if missing:
        purposes = dict.fromkeys(need.purpose for need in missing)
        denied = (f"{', '.join(_listed(need for need in missing if need.purpose == each))}, {each}" for each in purposes)
        remedy = "run helm upgrade again, which grants it; and look who took the role or its binding away"
        yield fail(_SERVER, f"{account} may not {'; nor '.join(denied)}", remedy)
    if all(answer.value is None for answer in snapshot.server.values()):
        remedy = "run this as somebody who may create subjectaccessreviews"
        yield unknown(_SERVER, f"those of {account} could not be asked for: {_problem(snapshot.server)}", remedy)
    elif not missing:
        yield ok(_SERVER, f"{account} may do all that serving needs")


def _listed(needs: Iterable[Need]) -> Iterator[str]:
    """`get/list/watch kubevirts.kubevirt.io`: the verbs on one thing together."""
    verbs: dict[str, list[str]] = {}
    for need in needs:
        verbs.setdefault(str(msgspec.structs.replace(need, verb="")), []).append(need.verb)
    return (f"{'/'.join(those)}{what}" for what, those in verbs.items())


def _problem(answers: Mapping[Need, ReadResult[bool]]) -> str:
    return next((answer.problem for answer in answers.values() if answer.value is None), "nothing was asked")
