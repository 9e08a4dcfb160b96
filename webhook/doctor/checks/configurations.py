"""Both webhook configurations: whether they exist, what they cover, what their selectors leave out, and what happens in an outage."""

from collections.abc import Callable, Collection, Iterator

import msgspec

from webhook.admission.review import MUTATE, VALIDATE
from webhook.cluster.break_glass import Record
from webhook.cluster.webhook_configurations import BREAK_GLASS
from webhook.doctor.checks.missing_objects import absent
from webhook.doctor.objects.meta import Requirement, Selector
from webhook.doctor.objects.webhooks import Webhook, WebhookConfiguration
from webhook.doctor.result import Result, fail, grouped, ok, warn
from webhook.doctor.snapshot import NOT_FOUND, Names, ReadResult, Snapshot
from webhook.kube.shape import UNDECODABLE

_NAME = "kubernetes.io/metadata.name"
"""The label that every namespace has, with its name (https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name)."""


def left_out(selector: Selector, kind: str, *, spared: Collection[str] = ()) -> str:
    """What a selector leaves out, such as `namespaces without the label a=b`; namespaces in `spared` are not reported."""
    by_labels = (Requirement(key=key, operator="In", values=[value]) for key, value in (selector.match_labels or {}).items())
    requirements = (*by_labels, *(selector.match_expressions or ()))
    return "; nor for ".join(said for each in requirements for said in _left_out_by(_without(each, spared), kind))


def _without(requirement: Requirement, spared: Collection[str]) -> Requirement:
    if requirement.key != _NAME or requirement.operator != "NotIn":
        return requirement
    return msgspec.structs.replace(requirement, values=[each for each in requirement.values or () if each not in spared])


def _left_out_by(requirement: Requirement, kind: str) -> Iterator[str]:
    key, values = requirement.key, requirement.values or []
    listed = ", ".join(values)
    match requirement.operator:
        case "In" if key == _NAME:
            yield f"{kind} other than {listed}"
        case "In" if len(values) == 1:
            yield f"{kind} without the label {key}={listed}"
        case "In":
            yield f"{kind} whose label {key} is none of {listed}"
        case "NotIn" if values:
            yield f"{kind} {listed}" if key == _NAME else f"{kind} whose label {key} is one of {listed}"
        case "NotIn":
            return
        case "Exists":
            yield f"{kind} without the label {key}"
        case _:
            yield f"{kind} with the label {key}"


LAUNCHER_LABELS = {"kubevirt.io": "virt-launcher"}
"""Labels of every launcher pod."""
ANY_POD = {"app": "any"}

_VALIDATING = "validating-configuration"
_MUTATING = "mutating-configuration"
_PATHS = {_VALIDATING: VALIDATE, _MUTATING: MUTATE}
"""A request for the other endpoint would be answered, and allowed unchecked."""
_MEANING = {_VALIDATING: "nothing is checked there", _MUTATING: "no launcher pod gets its overhead there"}
_CHECKED = (
    ("kubevirt.io", "virtualmachines"),
    ("kubevirt.io", "virtualmachineinstances"),
    ("kubevirt.io", "virtualmachineinstancereplicasets"),
    ("pool.kubevirt.io", "virtualmachinepools"),
)
_VMIS = "virtualmachineinstances"
_HOT = (_VMIS, "UPDATE")
"""Every status write of a VMI is an UPDATE: the chart covers it only with matchConditions, which skip those."""
_UPGRADE = "run helm upgrade again, which corrects it"
_MAX_SECONDS = 10
_MIN_SECONDS = 2
_NO_OVERHEAD = "launcher pods do not get the overhead of their plugins"

_Whole = Callable[[WebhookConfiguration], Iterator[Result]]
_Single = Callable[[Webhook], Iterator[Result]]


def check(snapshot: Snapshot) -> Iterator[Result]:
    """Both configurations, and each webhook of them."""
    names, validating, mutating = snapshot.names, snapshot.validating, snapshot.mutating
    if validating.value is None:
        what = f"ValidatingWebhookConfiguration {names.configuration}"
        yield absent(_VALIDATING, validating, what, "the API server does not call Bindguard for VMs")
    else:
        yield from _configuration(_VALIDATING, validating.value, names, _not_validated, _validating_problems)
    if mutating.value is None:
        yield _without_mutating(snapshot, mutating)
    else:
        yield from _configuration(_MUTATING, mutating.value, names, _not_mutated, _mutating_problems)


def _without_mutating(snapshot: Snapshot, answer: ReadResult[WebhookConfiguration]) -> Result:
    """With `overhead: off` the chart renders none."""
    what = f"MutatingWebhookConfiguration {snapshot.names.configuration}"
    settings = snapshot.settings.value
    if answer.status == NOT_FOUND and settings is not None and not settings.adds_overhead:
        return ok(_MUTATING, "none is needed: config.overhead is off")
    if answer.status == NOT_FOUND and settings is None:
        return warn(_MUTATING, f"{what} does not exist: {_NO_OVERHEAD}", f"{_UPGRADE}; with config.overhead off that is right")
    return absent(_MUTATING, answer, what, _NO_OVERHEAD)


def _configuration(check: str, found: WebhookConfiguration, names: Names, whole: _Whole, single: _Single) -> Iterator[Result]:
    webhooks = found.webhooks or ()
    content = (found.metadata.annotations or {}).get(BREAK_GLASS)
    closed = [webhook.name for webhook in webhooks if webhook.failure_policy == "Fail"]
    if content is not None and not closed:
        effect = "its webhooks have failurePolicy Ignore" if webhooks else "the API server calls none of its webhooks"
        yield warn(check, f"{_record(content)}: {effect}", "bindguard break-glass --undo, once Bindguard answers again")
        return
    results = []
    if content is not None:
        restored = f"{_record(content)}, but failurePolicy is Fail again on {', '.join(closed)}"
        results.append(warn(check, restored, "bindguard break-glass --undo; if Bindguard does not answer: bindguard break-glass again"))
    each = ((webhook.name, problem) for webhook in webhooks for problem in (*_webhook_problems(check, webhook, names), *single(webhook)))
    results += [*whole(found), *grouped(each)]
    yield from results or [ok(check, f"{len(webhooks)} webhooks cover all objects, with a timeout of {_seconds(found)} s")]


def _record(content: str) -> str:
    """Who broke the glass, when and why."""
    try:
        record = msgspec.json.decode(content, type=Record)
    except UNDECODABLE as error:
        return f"break-glass is in force, and its record cannot be read ({error})"
    return f"break-glass is in force since {record.at} by {record.by} ({record.reason})"


def _seconds(configuration: WebhookConfiguration) -> int:
    return max(webhook.timeout_seconds for webhook in configuration.webhooks or ())


def _webhook_problems(check: str, webhook: Webhook, names: Names) -> Iterator[Result]:
    yield from _call_problems(check, webhook, names)
    yield from _unasked(check, webhook, names)


def _unasked(check: str, webhook: Webhook, names: Names) -> Iterator[Result]:
    """The chart leaves out kube-system and its own namespace on purpose."""
    namespaces = left_out(webhook.namespace_selector, "namespaces", spared={"kube-system", names.namespace})
    if namespaces:
        found = f"it is not called for {namespaces}: {_MEANING[check]}"
        yield warn(check, found, "unless that is meant, install without webhooks.namespaceSelector and webhooks.excludeNamespaces")


def _call_problems(check: str, webhook: Webhook, names: Names) -> Iterator[Result]:
    """How the API server calls the webhook: address, path, review version, timeout."""
    service = webhook.client_config.service
    if service is None:
        yield warn(check, f"it calls the URL {webhook.client_config.url}, not a Service", "use a Service, unless you run Bindguard outside")
    elif (service.namespace, service.name) != (names.namespace, names.service):
        found = f"it calls Service {service.namespace}/{service.name}, not {names.namespace}/{names.service}"
        yield fail(check, found, f"{_UPGRADE}; or check that one with --namespace and --service")
    elif service.path != _PATHS[check]:
        found = f"it calls path {service.path or '/'}, not {_PATHS[check]}: {_MEANING[check]}"
        yield fail(check, found, _UPGRADE)
    if "v1" not in (webhook.admission_review_versions or ()):
        yield fail(check, "it does not list AdmissionReview v1, the only version that Bindguard answers", _UPGRADE)
    if not _MIN_SECONDS <= webhook.timeout_seconds <= _MAX_SECONDS:
        found = f"it has a timeout of {webhook.timeout_seconds} s"
        yield warn(check, found, "use 5: a shorter one fails under load, with a longer one users wait while Bindguard does not answer")


def _not_validated(configuration: WebhookConfiguration) -> Iterator[Result]:
    webhooks = configuration.webhooks or ()
    if not webhooks:
        what = f"ValidatingWebhookConfiguration {configuration.metadata.name}"
        yield fail(_VALIDATING, f"{what} has no webhooks: the API server does not call Bindguard for VMs", _UPGRADE)
        return
    for operation in ("CREATE", "UPDATE"):
        missing = [
            resource
            for group, resource in _CHECKED
            if (resource, operation) != _HOT and not any(each.covers(group, resource, operation) for each in webhooks)
        ]
        if missing:
            yield warn(_VALIDATING, f"no webhook covers {operation} of {', '.join(missing)}: mistakes in them are admitted", _UPGRADE)


def _validating_problems(webhook: Webhook) -> Iterator[Result]:
    if webhook.match_policy != "Equivalent":
        found = f"it has matchPolicy {webhook.match_policy}: objects in another API version are not checked"
        yield warn(_VALIDATING, found, "use matchPolicy Equivalent")
    # The webhook for VMIs that KubeVirt itself creates fails open on purpose; it is the one that covers no VM.
    if webhook.failure_policy != "Fail" and any(
        webhook.covers(group, resource, "CREATE") for group, resource in _CHECKED if resource != _VMIS
    ):
        found = f"it has failurePolicy {webhook.failure_policy}: while Bindguard does not answer, everything is admitted"
        yield warn(_VALIDATING, found, "use failurePolicy Fail, when you rely on it")
    objects = left_out(webhook.object_selector, "objects")
    if objects and any(webhook.covers(group, resource, "CREATE") for group, resource in _CHECKED):
        found = f"it is not called for {objects}: mistakes in them are admitted"
        yield warn(_VALIDATING, found, "unless that is meant, install without validation.objectSelector")
    yield from _asks_about_all_pods(_VALIDATING, webhook)


def _not_mutated(configuration: WebhookConfiguration) -> Iterator[Result]:
    webhooks = configuration.webhooks or ()
    if not any(each.covers("", "pods", "CREATE") and each.object_selector.selects(LAUNCHER_LABELS) for each in webhooks):
        yield fail(_MUTATING, f"no webhook covers CREATE of launcher pods: {_NO_OVERHEAD}", _UPGRADE)


def _mutating_problems(webhook: Webhook) -> Iterator[Result]:
    if webhook.failure_policy != "Ignore":
        found = f"it has failurePolicy {webhook.failure_policy}: while Bindguard does not answer, no VM starts or migrates"
        yield warn(_MUTATING, found, "use failurePolicy Ignore")
    if webhook.reinvocation_policy != "IfNeeded":
        found = f"it has reinvocationPolicy {webhook.reinvocation_policy}: changes by later webhooks are not seen"
        yield warn(_MUTATING, found, "use reinvocationPolicy IfNeeded")
    yield from _asks_about_all_pods(_MUTATING, webhook)


def _asks_about_all_pods(check: str, webhook: Webhook) -> Iterator[Result]:
    if not webhook.covers("", "pods", "CREATE") or not webhook.object_selector.selects(ANY_POD):
        return
    remedy = "give it the objectSelector kubevirt.io: virt-launcher"
    if webhook.failure_policy == "Fail":
        yield fail(check, "it is called for every pod of the cluster: while Bindguard does not answer, no pod can be created", remedy)
    else:
        yield warn(check, "it is called for every pod of the cluster", remedy)
