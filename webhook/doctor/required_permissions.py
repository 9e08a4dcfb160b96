"""Which permissions looking needs, and which serving needs: those of docs/doctor.md, and those of the chart."""

from collections.abc import Iterator

from webhook.doctor.snapshot import Names, Need

_REGISTRATION = "admissionregistration.k8s.io"
_CONFIGURATIONS = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")


def of_caller(names: Names, dry_run_namespace: str) -> Iterator[Need]:
    """What the doctor reads, and where it asks for VMs by a dry run: no permission is for dry runs alone."""
    inside = names.namespace
    for resource in _CONFIGURATIONS:
        for verb in ("get", "list"):
            yield Need(verb=verb, group=_REGISTRATION, resource=resource)
    yield Need(verb="list", group="kubevirt.io", resource="kubevirts")
    yield Need(verb="get", group="apps", resource="deployments", namespace=inside, name=names.deployment)
    yield Need(verb="get", resource="configmaps", namespace=inside, name=names.deployment)
    yield Need(verb="get", resource="services", namespace=inside, name=names.service)
    yield Need(verb="list", group="discovery.k8s.io", resource="endpointslices", namespace=inside)
    yield Need(verb="list", resource="pods", namespace=inside)
    yield Need(verb="get", resource="pods/proxy", namespace=inside)
    yield Need(verb="get", resource="secrets", namespace=inside, name=names.secret)
    yield Need(verb="get", group="coordination.k8s.io", resource="leases", namespace=inside, name=names.lease)
    yield Need(verb="create", group="authorization.k8s.io", resource="subjectaccessreviews")
    yield Need(verb="list", resource="namespaces")
    yield Need(verb="create", group="kubevirt.io", resource="virtualmachines", namespace=dry_run_namespace)


def of_server(names: Names, *, managed: bool) -> Iterator[Need]:
    """What the pods' service account does; with `managed` it renews the certificate too."""
    for verb in ("list", "watch"):
        yield Need(verb=verb, group="kubevirt.io", resource="kubevirts", purpose="by which it knows what is registered")
    purpose = "from which it knows a launcher pod's overhead"
    yield Need(verb="get", group="kubevirt.io", resource="virtualmachineinstances", purpose=purpose)
    if not managed:
        return
    inside, purpose = names.namespace, "by which it renews the certificate"
    for verb in ("get", "create", "patch"):  # by server-side apply, which is authorised with the object's name
        yield Need(verb=verb, resource="secrets", namespace=inside, name=names.secret, purpose=purpose)
        yield Need(verb=verb, group="coordination.k8s.io", resource="leases", namespace=inside, name=names.lease, purpose=purpose)
    purpose = "by which the webhook configurations are owned by it, and go with it"
    yield Need(verb="get", resource="namespaces", name=inside, purpose=purpose)
    for resource in _CONFIGURATIONS:
        for verb in ("get", "patch"):
            purpose = "by which it keeps the caBundle right"
            yield Need(verb=verb, group=_REGISTRATION, resource=resource, name=names.configuration, purpose=purpose)
