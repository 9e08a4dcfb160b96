"""Find what holds up a VM: the first obstacle in the order in which KubeVirt starts one, with evidence, since when, and what to do.

Sources of the messages: KubeVirt pkg/virt-controller/watch/vm/vm.go and watch/vmi/lifecycle.go@v1.9.0, pkg/network/netbinding/netbinding.go
(@v1.6.0 misspells "binding"); Multus pkg/k8sclient/k8sclient.go@v4.0.2; Kubernetes' ResourceQuota admission and scheduler.
"""

import enum
import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from webhook.admission.evaluation import evaluate_object
from webhook.kube.fieldpath import look_up, render, text_at
from webhook.kube.text import quoted
from webhook.plugins.suggestions import meant
from webhook.rules import RULES
from webhook.rules.base import Action, Finding
from webhook.rules.plan import plan
from webhook.why.situation import Object, Situation, attachments_of, condition, items_at, plugins_of, qualified

ADMIN = "an admin of the cluster"
STORAGE = "an admin of the cluster's storage"

_UNREGISTERED = re.compile(r"couldn't find configuration for network bin[a-z]*: (\S+)")
_MISSING_NAD = re.compile(r"network-attachment-definitions?(?:\.k8s\.cni\.cncf\.io)? \(?\"?([\w.-]+)\"?\)? in namespace \(?\"?([\w.-]+)")
_QUOTA = re.compile(r"exceeded quota: ([^,]+), (.*)")
_INSUFFICIENT = re.compile(r"Insufficient ([\w./-]*\w)")
_FAILED_SANDBOX = "FailedCreatePodSandBox"
_PULL_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
_CRASH_REASONS = frozenset({"CrashLoopBackOff", "RunContainerError", "CreateContainerError", "CreateContainerConfigError"})
_RETRY = "virt-controller tries again by itself, after up to 17 minutes; virtctl restart is quicker"


class VMState(enum.StrEnum):
    """What the VM does."""

    RUNNING = "running"
    STOPPED = "stopped"
    HELD_UP = "held-up"
    UNKNOWN = "unknown"


class Cause(msgspec.Struct, frozen=True):
    """One obstacle.

    Attributes:
        what: What is wrong, one sentence without a full stop.
        remedy: What to do.
        ask: Who can do it; empty for the owner of the VM.
        since: When it began, in ISO 8601; empty when that is not known.
        evidence: What was read that says so: the object and its words.
    """

    what: str
    remedy: str
    ask: str = ""
    since: str = ""
    evidence: str = ""


class Diagnosis(msgspec.Struct, frozen=True):
    """What was found out about one VM.

    Attributes:
        state: What the VM does.
        summary: The same in one sentence.
        causes: What holds it up, first of all the obstacle that comes first.
        findings: What the rules say about the VM.
    """

    state: VMState
    summary: str
    causes: Sequence[Cause] = ()
    findings: Sequence[Finding] = ()


def diagnose(situation: Situation) -> Diagnosis:
    """What holds the VM up; nothing when it runs, or is not asked to."""
    subject = f"{'VirtualMachine' if situation.vm is not None else 'VirtualMachineInstance'} {situation.namespace}/{situation.name}"
    findings = _findings(situation)
    if situation.vm is None and situation.vmi is None:
        cause = Cause("there is no VirtualMachine and no VirtualMachineInstance of this name", "check the name and the namespace (-n)")
        return Diagnosis(VMState.UNKNOWN, f"{subject} does not exist", [cause])
    if text_at(situation.vmi, "status", "phase") == "Running" and not _is_deleting(situation.vm):
        paused = condition(situation.vmi, "Paused")
        if paused is not None and text_at(paused, "status") == "True":
            since = text_at(paused, "lastTransitionTime")
            return Diagnosis(
                VMState.HELD_UP,
                f"{subject} is paused",
                [Cause("the VM is paused", f"virtctl unpause vm {situation.name} -n {situation.namespace}", "", since)],
                findings,
            )
        return Diagnosis(VMState.RUNNING, f"{subject} runs", (), findings)
    if (stopped := _stopped(situation)) and not _is_deleting(situation.vm):
        return Diagnosis(VMState.STOPPED, f"{subject} is stopped{stopped}", (), findings)
    causes = [cause for find in _OBSTACLES for cause in find(situation)]
    causes += [_rule_cause(finding) for finding in findings if finding.severity is Action.DENY and not _is_told(finding, causes)]
    if not causes:
        phase = text_at(situation.vmi, "status", "phase") or "none yet"
        return Diagnosis(
            VMState.UNKNOWN, f"{subject} does not run (phase of its VMI: {phase}), and nothing that was read says why", (), findings
        )
    return Diagnosis(VMState.HELD_UP, f"{subject} does not run: {causes[0].what}", causes, findings)


def _stopped(situation: Situation) -> str:
    """The end of a sentence that says that the VM is stopped, with the reason; empty when it is not, or should run."""
    if situation.vm is not None and situation.vmi is None and not situation.wants_to_run:
        return ", and is not asked to run (spec.runStrategy)"
    return ": its guest has shut down" if situation.has_ended else ""


def _deleting(situation: Situation) -> Iterator[Cause]:
    for obj in (situation.vm, situation.vmi):
        if obj is not None and _is_deleting(obj):
            finalizers = look_up(obj, ("metadata", "finalizers"))
            held = ", ".join(map(str, finalizers)) if isinstance(finalizers, list) and finalizers else "none"
            what = f"{obj.get('kind')} is being deleted, and waits for its finalizers ({held})"
            yield Cause(what, "wait; or see why the controller that set the finalizer does not finish", ADMIN, _deletion_time(obj))
            return


def _not_created(situation: Situation) -> Iterator[Cause]:
    """The VMI could not be created: an admission webhook, or a quota, refused it."""
    failure = condition(situation.vm, "Failure")
    if situation.vmi is not None or failure is None or text_at(failure, "status") != "True":
        return
    message = text_at(failure, "message")
    denied = re.search(r'admission webhook "([^"]*)" denied the request: (.*)', message, re.DOTALL)
    evidence = f"VirtualMachine, condition Failure: {message}"
    since = text_at(failure, "lastTransitionTime")
    if denied is not None:
        yield Cause(
            f"the VMI is refused by {denied[1]}: {denied[2]}", "change what the message names, then start the VM again", "", since, evidence
        )
    else:
        yield Cause(f"the VMI cannot be created: {message}", "see the message", ADMIN, since, evidence)


def _no_pod(situation: Situation) -> Iterator[Cause]:
    """virt-controller made no launcher pod."""
    failed = condition(situation.vmi, "Synchronized")
    if failed is None or text_at(failed, "status") != "False" or situation.has_pod:
        return
    message, since = text_at(failed, "message"), text_at(failed, "lastTransitionTime")
    evidence = f"VirtualMachineInstance, condition Synchronized: {message}"
    if match := _UNREGISTERED.search(message):
        yield _unregistered(match[1], situation, since, evidence)
    elif match := _QUOTA.search(message):
        remedy = (
            "free memory in the namespace, ask for a larger quota, or give the VM less memory; the launcher pod needs more than the guest"
        )
        what = f"ResourceQuota {match[1]} leaves no room for the launcher pod: {match[2]}{_usage_now(match[1], situation)}"
        yield Cause(what, remedy, ADMIN, since, evidence)
    elif "PVC" in message and "does not exist" in message:
        yield Cause(message.partition(",")[0], "create the PVC or DataVolume, or name another one in spec.volumes", "", since, evidence)
    else:
        yield Cause(f"KubeVirt makes no launcher pod: {message}", "see the message", ADMIN, since, evidence)


def _usage_now(name: str, situation: Situation) -> str:
    """What the quota says now, which may differ from the message."""
    quota = next((each for each in situation.quotas if text_at(each, "metadata", "name") == name), None)
    hard, used = look_up(quota, ("status", "hard")), look_up(quota, ("status", "used"))
    if not isinstance(hard, dict) or not isinstance(used, dict):
        return ""
    shares = ", ".join(f"{resource} {used.get(resource, '0')} of {limit}" for resource, limit in hard.items() if "memory" in resource)
    return f"; now used: {shares}" if shares else ""


def _unregistered(name: str, situation: Situation, since: str, evidence: str) -> Cause:
    registry = situation.registry
    if not registry.known:
        what = f"no binding plugin named {quoted(name)} was registered when KubeVirt last tried"
        return Cause(what, "see what is registered: bindguard registry show", ADMIN, since, evidence)
    if name in registry.plugins:
        what = f"KubeVirt found no binding plugin named {quoted(name)} when it last tried; it is registered now"
        return Cause(what, _RETRY, "", since, evidence)
    known = ", ".join(map(quoted, registry.names)) or "none"
    what = f"no binding plugin named {quoted(name)} is registered (registered: {known}){meant(name, registry.names)}"
    return Cause(what, f"use a registered plugin, or have {quoted(name)} registered in {registry.owner}", ADMIN, since, evidence)


def _unscheduled(situation: Situation) -> Iterator[Cause]:
    scheduled = condition(situation.pod, "PodScheduled")
    if scheduled is None or text_at(scheduled, "status") != "False":
        return
    message, since = text_at(scheduled, "message"), text_at(scheduled, "lastTransitionTime")
    evidence = f"Pod {text_at(situation.pod, 'metadata', 'name')}, condition PodScheduled: {message}"
    lacking = list(dict.fromkeys(_INSUFFICIENT.findall(message)))
    devices = [each for each in lacking if "/" in each and not each.startswith("devices.kubevirt.io/")]
    if devices:
        what = f"no node has {', '.join(devices)} left, which the VM's networks ask for"
        yield Cause(what, "free a VM that uses it, or have the device plugin of the nodes provide more", ADMIN, since, evidence)
    elif lacking:
        yield Cause(f"no node has enough {', '.join(lacking)}", "give the VM less, or add nodes", ADMIN, since, evidence)
    else:
        yield Cause(
            f"no node fits the launcher pod: {message}",
            "see the message; nodeSelector and affinity of the VM decide too",
            "",
            since,
            evidence,
        )


def _missing_attachment(situation: Situation) -> Iterator[Cause]:
    """Multus does not find a NetworkAttachmentDefinition, and the pod gets no network; or it will not, as the object does not exist."""
    is_set_up = bool(text_at(situation.pod, "status", "podIP"))
    event = _event(situation, _FAILED_SANDBOX) if not is_set_up else None  # else it is old: a later attempt was successful
    seen = _MISSING_NAD.search(text_at(event, "message")) if event is not None else None
    if seen is not None and event is not None:
        yield _attachment_cause(f"{seen[2]}/{seen[1]}", situation, _time_of(event), f"Event {_FAILED_SANDBOX}: {text_at(event, 'message')}")
        return
    for name in (name for name, obj in situation.attachments.items() if obj is None and not is_set_up):
        yield _attachment_cause(name, situation, "", f"NetworkAttachmentDefinition {name} was not found")
    if event is not None:
        message = text_at(event, "message")
        what = f"the network of the launcher pod cannot be set up: {message}"
        yield Cause(what, "see the message; the NetworkAttachmentDefinition or its CNI plugin is wrong", ADMIN, _time_of(event), message)


def _attachment_cause(name: str, situation: Situation, since: str, evidence: str) -> Cause:
    known = situation.attachment_names
    base = name.rpartition("/")[2]
    elsewhere = next((each for each in known if each.rpartition("/")[2] == base and each != name), None)
    guess = f"; there is {quoted(elsewhere)}" if elsewhere else meant(name, known)
    spec = _vmi_spec(situation)
    plugins = [
        plugin
        for plugin in plugins_of(spec)
        if plugin in situation.registry.plugins
        and qualified(situation.registry.plugins[plugin].network_attachment_definition or "", situation.namespace) == name
    ]
    if plugins and name not in {qualified(each, situation.namespace) for each in attachments_of(spec)}:
        what = f"NetworkAttachmentDefinition {name} of binding plugin {quoted(plugins[0])} does not exist{guess}"
        return Cause(what, "have it created, or the registration corrected", ADMIN, since, evidence)
    what = f"NetworkAttachmentDefinition {name} does not exist{guess}"
    return Cause(what, "create it, or name another one in networks[].multus.networkName (namespace/name)", "", since, evidence)


def _containers(situation: Situation) -> Iterator[Cause]:
    pod = situation.pod
    for status in (*items_at(pod, "status", "initContainerStatuses"), *items_at(pod, "status", "containerStatuses")):
        reason, message = text_at(status, "state", "waiting", "reason"), text_at(status, "state", "waiting", "message")
        container, image = text_at(status, "name"), text_at(status, "image")
        evidence = f"Pod {text_at(pod, 'metadata', 'name')}, container {container}: {reason}: {message}"
        plugin = _plugin_with_image(image, situation)
        whose = f" of binding plugin {quoted(plugin)}" if plugin else ""
        if reason in _PULL_REASONS:
            what = f"image {image} of container {container}{whose} cannot be pulled"
            yield Cause(
                what, "correct the image in the registration" if plugin else "correct the image, or its pull secret", ADMIN, "", evidence
            )
        elif reason in _CRASH_REASONS:
            what = f"container {container}{whose} of the launcher pod does not start ({reason})"
            log = f"kubectl -n {situation.namespace} logs {text_at(pod, 'metadata', 'name')} -c {container} --previous"
            yield Cause(what, f"read its log: {log}", ADMIN, "", evidence)


def _plugin_with_image(image: str, situation: Situation) -> str | None:
    plugins = situation.registry.plugins
    return next(
        (name for name in plugins_of(_vmi_spec(situation)) if name in plugins and image and plugins[name].sidecar_image == image), None
    )


def _not_started(situation: Situation) -> Iterator[Cause]:
    """The pod runs, and virt-handler does not start the guest."""
    failed = condition(situation.vmi, "Synchronized")
    if not situation.has_pod or failed is None or text_at(failed, "status") != "False":
        return
    message = text_at(failed, "message")
    what = f"virt-handler cannot start the VM in its pod: {message}"
    yield Cause(
        what, "see the message", ADMIN, text_at(failed, "lastTransitionTime"), f"VirtualMachineInstance, condition Synchronized: {message}"
    )


_OBSTACLES: Sequence[Callable[[Situation], Iterator[Cause]]] = (
    _deleting,
    _not_created,
    _no_pod,
    _unscheduled,
    _missing_attachment,
    _containers,
    _not_started,
)
"""In the order in which a VM meets them."""


def _findings(situation: Situation) -> list[Finding]:
    obj = situation.vm if situation.vm is not None else situation.vmi
    if obj is None:
        return []
    return evaluate_object(obj, plan(RULES, situation.registry, {}, upstream_answers=False)) or []


def _rule_cause(finding: Finding) -> Cause:
    return Cause(f"{finding.message} [{finding.rule}]", finding.help, "", "", f"{render(finding.path)} of the VM")


def _is_told(finding: Finding, causes: Sequence[Cause]) -> bool:
    """Whether a cause says the same: an unregistered plugin is in the condition's message too."""
    return finding.rule == "unregistered-plugin" and any("binding plugin named" in cause.what for cause in causes)


def _vmi_spec(situation: Situation) -> object:
    return look_up(situation.vmi, ("spec",)) if situation.vmi is not None else look_up(situation.vm, ("spec", "template", "spec"))


def _event(situation: Situation, reason: str) -> Object | None:
    return next((event for event in situation.events if text_at(event, "reason") == reason), None)


def _time_of(event: Object) -> str:
    return text_at(event, "firstTimestamp") or text_at(event, "eventTime")


def _is_deleting(obj: Object | None) -> bool:
    return bool(_deletion_time(obj))


def _deletion_time(obj: Object | None) -> str:
    return text_at(obj, "metadata", "deletionTimestamp")
