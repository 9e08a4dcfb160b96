"""Asks the API server to create a good and a bad VM without storing them. It calls all admission webhooks, as for any other creation."""

import asyncio
from collections.abc import Mapping

from webhook.doctor.api_reads import Asker
from webhook.doctor.objects.meta import Selector
from webhook.doctor.objects.records import Namespace, Namespaces
from webhook.doctor.objects.webhooks import Webhook
from webhook.doctor.sample_vms import bad_vm, good_vm
from webhook.doctor.settings import ServerSettings
from webhook.doctor.snapshot import DryRuns, ReadResult

_DEFAULT = "default"


async def dry_runs(ask: Asker, namespace: str, webhook: Webhook | None) -> DryRuns:
    """Both VMs in a namespace, with the labels by which the webhook selects objects."""
    labels = _selected_labels(webhook.object_selector) if webhook is not None else {}
    path = f"/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachines"
    good, bad = await asyncio.gather(ask.dry_run(path, good_vm(labels)), ask.dry_run(path, bad_vm(labels)))
    return DryRuns(namespace=namespace, good=good, bad=bad)


def namespace_for(webhook: Webhook | None, found: ReadResult[Namespaces], settings: ServerSettings | None) -> str:
    """A namespace whose VMs the webhook is asked about and the server checks; `default` where that is one, or none is known."""
    namespaces = sorted((found.value.items or ()) if found.value is not None else (), key=_by_preference)
    for each in namespaces:
        if (webhook is None or webhook.namespace_selector.selects(each.metadata.labels or {})) and (
            settings is None or not settings.excludes(each.metadata.name)
        ):
            return each.metadata.name
    return _DEFAULT


def _by_preference(namespace: Namespace) -> tuple[bool, str]:
    return namespace.metadata.name != _DEFAULT, namespace.metadata.name


def _selected_labels(selector: Selector) -> Mapping[str, str]:
    """Labels that a selector selects, where that takes no more than to have some."""
    wanted = {each.key: (each.values or [""])[0] for each in selector.match_expressions or () if each.operator in ("In", "Exists")}
    return wanted | dict(selector.match_labels or {})
