"""The whole way from the API server to Bindguard and back, by a dry run of a good and a bad VM."""

import re
from collections.abc import Iterator, Sequence

from webhook.doctor.result import Result, fail, ok, unknown, warn
from webhook.doctor.sample_vms import VIOLATED
from webhook.doctor.snapshot import FORBIDDEN, NOT_FOUND, DryRuns, ReadResult, Snapshot
from webhook.rules.base import Action

Answer = ReadResult[Sequence[str]]

_CHECK = "dry-run"
_FAILED = re.compile(r'failed calling webhook "([^"]*)": (.*)')
_DENIED = re.compile(r'admission webhook "([^"]*)" denied the request')
_URL = re.compile(r'"https?://[^"]*"')
_NO_PERMISSION = "cannot create resource"
_NO_NAMESPACE = re.compile(r'namespaces "[^"]*" not found')
_OUR_SUFFIX = ".bindguard.io"
_CHART_CONDITIONS = frozenset({"not-being-deleted", "network-changed", "not-started-by-kubevirt"})
"""The matchConditions of the chart itself: all are true for a VM that is created."""
_BAD_VM = "a VM whose interface names no plugin"

_CLIENT_CERTIFICATE = (
    "Bindguard asks callers for a client certificate (clientCa), and the API server has none that it accepts: give it one by an"
    " AdmissionConfiguration with a kubeConfigFile, or install without clientCa"
)
_CLOSED = "see the pods' logs; with clientCa set, the API server may have no client certificate, and then install without clientCa"
_NO_ROUTE = (
    "packets of the API server do not reach the pods: look at firewalls between control plane and nodes (private GKE lets 443 and 10250"
    " pass: port: 10250), at networkPolicy.admissionFrom, and where the control plane is not in the pod network use hostNetwork: true"
)
_REMEDIES = (
    (
        r"no endpoints available|(service|endpoints) .* not found",
        "no ready pod is behind the Service: see the checks deployment, pods and endpoints",
    ),
    (
        r"connection refused",
        "nothing listens where the API server calls: see the checks pods, service and endpoints, and firewalls",
    ),
    (r"certificate required|tls: bad certificate|tls: unknown certificate|tls: handshake failure", _CLIENT_CERTIFICATE),
    (r"x509: certificate has expired", "the served certificate or the caBundle has expired: see the checks certificate and ca-bundle"),
    (r"x509", "the API server does not trust the served certificate, or not for this name: see the checks ca-bundle and certificate"),
    (r"deadline exceeded|[Tt]imeout|no route to host|network is unreachable", _NO_ROUTE),
    (r"no such host|lookup ", "the API server cannot resolve the name of the webhook's URL: look at its DNS"),
    (r"EOF|connection reset|broken pipe|closed", _CLOSED),
)
"""What to do by what the API server's HTTP client says, as Go words it. The first that matches counts."""
_OTHER_ANSWER = "something answers that is not Bindguard, or with an error: see the pods' logs, and what else listens there"


def check(snapshot: Snapshot) -> Iterator[Result]:
    """Results about both VMs; what stops both is reported once."""
    runs = snapshot.dry_runs
    if runs is None:
        return
    found = _not_admitted(runs) or _failed_call(runs, snapshot)
    if found is not None:
        yield found
        return
    problems = [*_good_vm(runs, snapshot), *_bad_vm(runs, snapshot)]
    bad = "denied by Bindguard" if runs.bad.value is None else "admitted with a warning, as its rule is set to warn"
    yield from problems or [ok(_CHECK, f"in namespace {runs.namespace} a good VM is admitted, and {_BAD_VM} is {bad}")]


def _not_admitted(runs: DryRuns) -> Result | None:
    """Why the API server called no webhook. A webhook may deny with any status, and then it was called."""
    answer = runs.good
    if _refuser(answer) is not None:
        return None
    if answer.status == FORBIDDEN and _NO_PERMISSION in answer.problem:
        found = f"you may not create VirtualMachines in namespace {runs.namespace}: the way through the API server was not tried"
        return unknown(_CHECK, found, "have it granted for one namespace, and name that with --dry-run-namespace (docs/doctor.md)")
    if answer.status == NOT_FOUND and _NO_NAMESPACE.search(answer.problem):
        return unknown(_CHECK, f"there is no namespace {runs.namespace}", "name one with --dry-run-namespace")
    if answer.status == NOT_FOUND:
        return warn(_CHECK, "the API server does not serve VirtualMachines: the CRD of KubeVirt is missing", "install KubeVirt")
    if answer.status == 0:
        return unknown(_CHECK, f"the API server did not answer: {answer.problem}", "an admission webhook may be slow: see other-webhooks")
    return None


def _failed_call(runs: DryRuns, snapshot: Snapshot) -> Result | None:
    """A webhook that the API server could not call, ours or another one."""
    calls = [match for answer in (runs.good, runs.bad) if (match := _FAILED.search(answer.problem)) is not None]
    for name, why in (match.groups() for match in calls if _is_ours(match[1], snapshot)):
        found = f"the API server fails to call {name}, and refuses VMs: {why}"
        return fail(_CHECK, found, _remedy(why))
    for name, why in (match.groups() for match in calls):
        found = f"the API server fails to call another webhook, {name}, and refuses VMs: {why}"
        return unknown(_CHECK, found, "see who runs it; until then nobody can create a VM")
    return None


def _remedy(why: str) -> str:
    cause = _URL.sub("", why)  # which has a timeout in its query
    return next((remedy for pattern, remedy in _REMEDIES if re.search(pattern, cause)), _OTHER_ANSWER)


def _good_vm(runs: DryRuns, snapshot: Snapshot) -> Iterator[Result]:
    if runs.good.value is not None:
        return
    who = _refuser(runs.good)
    if who is not None and _is_ours(who, snapshot):
        remedy = "see the named rule with bindguard explain; config.rules can set it to warn"
        yield fail(_CHECK, f"a VM without mistakes is denied: {runs.good.problem}", remedy)
    else:
        found = f"a VM without mistakes is refused by {who or 'the API server'}: {runs.good.problem}"
        yield unknown(_CHECK, found, "where VMs are refused on purpose, name another namespace with --dry-run-namespace")


def _bad_vm(runs: DryRuns, snapshot: Snapshot) -> Iterator[Result]:
    if runs.bad.value is not None:
        yield from _bad_vm_admitted(runs, runs.bad.value, snapshot)
        return
    who = _refuser(runs.bad)
    if runs.good.value is not None and (who is None or not _is_ours(who, snapshot)):
        found = f"{_BAD_VM} is refused by {who or 'the API server'}, which does not tell what Bindguard answers: {runs.bad.problem}"
        yield unknown(_CHECK, found)


def _bad_vm_admitted(runs: DryRuns, warnings: Sequence[str], snapshot: Snapshot) -> Iterator[Result]:
    """A failure, unless the configuration says so. A warning of Bindguard proves that it was called."""
    settings, webhook = snapshot.settings.value, snapshot.vm_webhook
    action = settings.action_of(VIOLATED) if settings is not None else Action.DENY
    is_warned = any(f"[Bindguard {VIOLATED}" in each for each in warnings)
    if is_warned and (settings is None or action is not Action.DENY):
        return
    admitted = f"in namespace {runs.namespace} {_BAD_VM} is admitted"
    if webhook is None:
        yield unknown(_CHECK, f"{admitted}; whether that is meant is not known, as the configuration could not be read")
    elif not _is_checked(runs.namespace, snapshot):
        yield unknown(_CHECK, f"{admitted}: the configuration leaves out its objects", "name a checked namespace with --dry-run-namespace")
    elif action is Action.OFF:
        yield unknown(_CHECK, f"{admitted}: config.rules switches the rule {VIOLATED} off")
    elif {each.name for each in webhook.match_conditions or ()} - _CHART_CONDITIONS:
        yield unknown(_CHECK, f"{admitted}: a condition of your own (validation.matchConditions) may leave it out")
    elif webhook.failure_policy == "Ignore" and not is_warned:
        found = f"{admitted} without a warning: with failurePolicy Ignore that is so when the API server gets no answer from Bindguard"
        yield warn(_CHECK, found, f"the API server's log has the cause, as failed calling webhook {webhook.name}; see the other checks")
    else:
        found = f"{admitted}: the API server does not call Bindguard for VMs, or gets another verdict than the configuration says"
        yield fail(_CHECK, found, "see validating-configuration; after a change of configuration wait for a minute and run this again")


def _is_checked(namespace: str, snapshot: Snapshot) -> bool:
    """Whether Bindguard is called for a namespace and checks it, as far as the labels could be read."""
    settings, webhook = snapshot.settings.value, snapshot.vm_webhook
    found = (snapshot.namespaces.value.items or ()) if snapshot.namespaces.value is not None else ()
    labels = next((each.metadata.labels or {} for each in found if each.metadata.name == namespace), {})
    selected = webhook is None or webhook.namespace_selector.selects(labels)
    return selected and (settings is None or not settings.excludes(namespace))


def _refuser(answer: Answer) -> str | None:
    """The name of the webhook that denied; `None` where something else did."""
    match = _DENIED.search(answer.problem)
    return match[1] if match is not None else None


def _is_ours(name: str, snapshot: Snapshot) -> bool:
    return name.endswith(_OUR_SUFFIX) or name in {webhook.name for webhook in snapshot.webhooks()}
