"""Permissions: the caller's, without which something could not be looked at, and the service account's, without which pods cannot serve."""

from collections.abc import Iterator, Mapping

from webhook.doctor.result import Result, fail, ok, unknown
from webhook.doctor.snapshot import Answer, Need, Snapshot


def check(snapshot: Snapshot) -> Iterator[Result]:
    """Both."""
    yield _caller(snapshot)
    yield from _server(snapshot)


def _caller(snapshot: Snapshot) -> Result:
    missing = [str(need) for need, answer in snapshot.caller.items() if answer.value is False]
    if missing:
        return unknown("your-permissions", f"you may not {'; '.join(missing)}: what hangs on it was not looked at", "ask somebody who may")
    if any(answer.value is None for answer in snapshot.caller.values()):
        return unknown("your-permissions", f"they could not be asked for: {_problem(snapshot.caller)}")
    return ok("your-permissions", "you may read all that was looked for")


def _server(snapshot: Snapshot) -> Iterator[Result]:
    names = snapshot.names
    account = f"service account {names.namespace}/{names.service_account}"
    for need, answer in snapshot.server.items():
        if answer.value is False:
            remedy = "helm upgrade bindguard, which grants it; or look who took the role or its binding away"
            yield fail("server-permissions", f"{account} may not {need}, {need.purpose}", remedy)
    if all(answer.value is None for answer in snapshot.server.values()):
        remedy = "run this as somebody who may create subjectaccessreviews"
        yield unknown("server-permissions", f"those of {account} could not be asked for: {_problem(snapshot.server)}", remedy)
    elif all(answer.value for answer in snapshot.server.values()):
        yield ok("server-permissions", f"{account} may do all that serving needs")


def _problem(answers: Mapping[Need, Answer[bool]]) -> str:
    return next((answer.problem for answer in answers.values() if answer.value is None), "nothing was asked")
