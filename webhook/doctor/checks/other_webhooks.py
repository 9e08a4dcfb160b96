"""Other webhooks for the same objects: a second Bindguard, and webhooks that change launcher pods or VMs."""

from collections.abc import Iterator

from webhook.doctor.checks.configurations import ANY_POD, LAUNCHER_LABELS
from webhook.doctor.checks.missing_objects import unseen
from webhook.doctor.objects.webhooks import Webhook, WebhookConfiguration
from webhook.doctor.result import Result, ok, warn
from webhook.doctor.snapshot import Snapshot
from webhook.kube.text import number_of

_CHECK = "other-webhooks"
_KUBEVIRTS_OWN = ("virt-", "kubevirt-", "cdi-", "hco-", "hyperconverged")
_CARRIERS = ("virtualmachines", "virtualmachineinstances")


def check(snapshot: Snapshot) -> Iterator[Result]:
    """All configurations but Bindguard's own."""
    if snapshot.all_validating.value is None or snapshot.all_mutating.value is None:
        refused = snapshot.all_validating if snapshot.all_validating.value is None else snapshot.all_mutating
        yield unseen(_CHECK, refused, "the other webhook configurations")
        return
    ours = snapshot.names.configuration
    validating = [each for each in snapshot.all_validating.value.items or () if each.metadata.name != ours]
    mutating = [each for each in snapshot.all_mutating.value.items or () if each.metadata.name != ours]
    problems = [*_second(validating + mutating), *_changing(mutating)]
    count = len(validating) + len(mutating)
    others = f"{number_of(count, 'other webhook configuration')}; except KubeVirt's own, none changes VMs or is made for launcher pods"
    yield from problems or [ok(_CHECK, others if count else "there is no other webhook configuration")]


def _second(configurations: list[WebhookConfiguration]) -> Iterator[Result]:
    names = sorted(
        {each.metadata.name for each in configurations if any(hook.name.endswith(".bindguard.io") for hook in each.webhooks or ())}
    )
    if names:
        found = f"another Bindguard is installed ({', '.join(names)}): the API server calls both, and each can deny"
        yield warn(_CHECK, found, "delete the one that you do not want, or check it with --configuration")


def _changing(configurations: list[WebhookConfiguration]) -> Iterator[Result]:
    for configuration in configurations:
        name = configuration.metadata.name
        if name.startswith(_KUBEVIRTS_OWN):
            continue
        for webhook in configuration.webhooks or ():
            what = _changed(webhook)
            if what:
                found = f"{webhook.name} in {name} may change {what}"
                yield warn(_CHECK, found, "make sure that it does not change interfaces, networks or the resources of container compute")


def _changed(webhook: Webhook) -> str:
    """Which objects that Bindguard checks it may change. Webhooks for all pods are left out: there are many, and few change resources."""
    operations = ("CREATE", "UPDATE")
    carriers = [kind for kind in _CARRIERS if any(webhook.covers("kubevirt.io", kind, operation) for operation in operations)]
    if carriers:
        return ", ".join(carriers)
    selector = webhook.object_selector
    is_for_launchers = selector.selects(LAUNCHER_LABELS) and not selector.selects(ANY_POD)
    return "launcher pods" if is_for_launchers and webhook.covers("", "pods", "CREATE") else ""
