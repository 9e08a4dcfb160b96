"""Both webhook configurations: are they there, do they ask about what matters, and what happens while Bindguard is away."""

from collections.abc import Callable, Iterator

from webhook.doctor.checks.absent import absent
from webhook.doctor.objects import Configuration, Webhook
from webhook.doctor.result import Result, fail, ok, warn
from webhook.doctor.snapshot import NOT_FOUND, Answer, Names, Snapshot

LAUNCHER_LABELS = {"kubevirt.io": "virt-launcher"}
"""What every launcher pod carries."""

_VALIDATING = "validating-configuration"
_MUTATING = "mutating-configuration"
_JUDGED = (
    ("kubevirt.io", "virtualmachines"),
    ("kubevirt.io", "virtualmachineinstances"),
    ("kubevirt.io", "virtualmachineinstancereplicasets"),
    ("pool.kubevirt.io", "virtualmachinepools"),
)
_UPGRADE = "helm upgrade bindguard, which writes it anew"
_LONGEST_SECONDS = 10
_SHORTEST_SECONDS = 2
_ANY_POD = {"app": "any"}

_Problems = Callable[[Configuration], Iterator[Result]]


def check(snapshot: Snapshot) -> Iterator[Result]:
    """Both configurations, and what is odd in them."""
    names = snapshot.names
    meaning = "the API server asks Bindguard about no VM"
    yield from _configuration(_VALIDATING, snapshot.validating, names, meaning, _validating_problems)
    meaning = "launcher pods do not get the overhead that they are owed"
    yield from _configuration(_MUTATING, snapshot.mutating, names, meaning, _mutating_problems)


def _configuration(check: str, answer: Answer[Configuration], names: Names, meaning: str, problems: _Problems) -> Iterator[Result]:
    kind = "ValidatingWebhookConfiguration" if check == _VALIDATING else "MutatingWebhookConfiguration"
    what = f"{kind} {names.configuration}"
    found = answer.value
    if found is None:
        yield _none(check, answer, what, meaning)
        return
    if not found.webhooks:
        yield fail(check, f"{what} has no webhooks: {meaning}", _UPGRADE)
        return
    results = [*problems(found), *(problem for webhook in found.webhooks for problem in _call_problems(check, webhook, names))]
    yield from results or [ok(check, f"{what} asks about what it should, within {found.webhooks[0].timeout_seconds} s")]


def _none(check: str, answer: Answer[Configuration], what: str, meaning: str) -> Result:
    """The chart renders no mutating one where no overhead is wanted."""
    if check == _MUTATING and answer.status == NOT_FOUND:
        return warn(check, f"{what} does not exist: {meaning}", "helm upgrade bindguard; with config.overhead off nothing need be done")
    return absent(check, answer, what, meaning)


def _call_problems(check: str, webhook: Webhook, names: Names) -> Iterator[Result]:
    """How the webhook is called: whom, with which review, for how long."""
    service = webhook.client_config.service
    if service is None:
        yield warn(
            check, f"{webhook.name} calls the URL {webhook.client_config.url}, no Service", "use a Service, unless you run it outside"
        )
    elif (service.namespace, service.name) != (names.namespace, names.service):
        found = f"{webhook.name} calls Service {service.namespace}/{service.name}, not {names.namespace}/{names.service}"
        yield fail(check, found, f"{_UPGRADE}; or look at that one with --namespace and --service")
    elif service.path not in ("/validate", "/mutate"):
        yield fail(check, f"{webhook.name} calls path {service.path or '/'}, where nobody answers", "use /validate or /mutate")
    if "v1" not in (webhook.admission_review_versions or ()):
        yield fail(check, f"{webhook.name} does not list AdmissionReview v1, the only one that is answered", _UPGRADE)
    if not _SHORTEST_SECONDS <= webhook.timeout_seconds <= _LONGEST_SECONDS:
        found = f"{webhook.name} has a timeout of {webhook.timeout_seconds} s"
        yield warn(check, found, "use 5: shorter fails under load, longer holds up everybody while Bindguard is away")


def _validating_problems(configuration: Configuration) -> Iterator[Result]:
    webhooks = configuration.webhooks or ()
    for operation in ("CREATE", "UPDATE"):
        missing = [resource for group, resource in _JUDGED if not any(each.covers(group, resource, operation) for each in webhooks)]
        if missing:
            yield warn(_VALIDATING, f"nobody asks about {operation} of {', '.join(missing)}: mistakes in them are admitted", _UPGRADE)
    for webhook in webhooks:
        if webhook.match_policy != "Equivalent":
            found = f"{webhook.name} has matchPolicy {webhook.match_policy}: objects written in another version pass unasked"
            yield warn(_VALIDATING, found, "use matchPolicy Equivalent")
        if webhook.failure_policy != "Fail" and any(webhook.covers(group, resource, "CREATE") for group, resource in _JUDGED):
            found = f"{webhook.name} has failurePolicy {webhook.failure_policy}: while Bindguard is away, everything is admitted"
            yield warn(_VALIDATING, found, "use failurePolicy Fail, once you rely on it")
        yield from _asks_about_all_pods(_VALIDATING, webhook)


def _mutating_problems(configuration: Configuration) -> Iterator[Result]:
    webhooks = configuration.webhooks or ()
    if not any(each.covers("", "pods", "CREATE") and each.object_selector.selects(LAUNCHER_LABELS) for each in webhooks):
        yield fail(_MUTATING, "nobody asks about CREATE of launcher pods: they do not get the overhead that they are owed", _UPGRADE)
    for webhook in webhooks:
        if webhook.failure_policy != "Ignore":
            found = f"{webhook.name} has failurePolicy {webhook.failure_policy}: while Bindguard is away, no VM starts or migrates"
            yield warn(_MUTATING, found, "use failurePolicy Ignore")
        if webhook.reinvocation_policy != "IfNeeded":
            found = f"{webhook.name} has reinvocationPolicy {webhook.reinvocation_policy}: what later webhooks change is not seen"
            yield warn(_MUTATING, found, "use reinvocationPolicy IfNeeded")
        yield from _asks_about_all_pods(_MUTATING, webhook)


def _asks_about_all_pods(check: str, webhook: Webhook) -> Iterator[Result]:
    if not webhook.covers("", "pods", "CREATE") or not webhook.object_selector.selects(_ANY_POD):
        return
    remedy = "give it the objectSelector kubevirt.io: virt-launcher"
    if webhook.failure_policy == "Fail":
        yield fail(check, f"{webhook.name} asks about every pod of the cluster: while Bindguard is away, no pod at all can be made", remedy)
    else:
        yield warn(check, f"{webhook.name} asks about every pod of the cluster", remedy)
