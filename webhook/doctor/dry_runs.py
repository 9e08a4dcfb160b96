"""Creates a good and a bad VM by a dry run: the API server stores nothing, and calls all admission webhooks as for any other creation."""

import asyncio

from webhook.doctor.api_reads import Reader
from webhook.doctor.objects.records import NamespaceList
from webhook.doctor.objects.webhooks import Webhook
from webhook.doctor.sample_vms import bad_vm, good_vm
from webhook.doctor.settings import ServerSettings
from webhook.doctor.snapshot import DryRuns, ReadResult

_DEFAULT = "default"


async def dry_runs(reader: Reader, namespace: str, webhook: Webhook | None) -> DryRuns:
    """The answers of the API server about both VMs. They get labels that the `objectSelector` of the webhook selects."""
    selector = webhook.object_selector if webhook is not None else None
    wanted = (selector.match_expressions or ()) if selector is not None else ()
    labels = {each.key: (each.values or [""])[0] for each in wanted if each.operator in ("In", "Exists")}
    labels |= (selector.match_labels or {}) if selector is not None else {}
    path = f"/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachines"
    good, bad = await asyncio.gather(reader.dry_run(path, good_vm(labels)), reader.dry_run(path, bad_vm(labels)))
    return DryRuns(namespace=namespace, good=good, bad=bad)


def namespace_for(webhook: Webhook | None, found: ReadResult[NamespaceList], settings: ServerSettings | None) -> str:
    """The namespace for dry runs: one that the webhook selects and the server does not exclude.

    That is `default` if possible, otherwise the first such namespace by name; `default` too when there is none, or none could be listed.
    """
    namespaces = [each.metadata for each in (found.value.items or ())] if found.value is not None else []
    for each in sorted(namespaces, key=lambda metadata: (metadata.name != _DEFAULT, metadata.name)):
        is_selected = webhook is None or webhook.namespace_selector.selects(each.labels or {})
        if is_selected and (settings is None or not settings.excludes(each.name)):
            return each.name
    return _DEFAULT
