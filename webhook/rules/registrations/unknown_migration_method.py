"""A registration has a migration method that KubeVirt does not know.

What
    `migration.method` is neither empty nor `link-refresh`.

Why
    KubeVirt ignores an unknown method and does not report it. It migrates VMs that use the plugin, but does not refresh the link of the
    guest after a migration. The guest may keep an address that it no longer has.

Refused
    {domainAttachmentType: tap, migration: {method: linkRefresh}}

Accepted
    {domainAttachmentType: tap, migration: {method: link-refresh}}
    {domainAttachmentType: tap, migration: {}}

Source
    staging/src/kubevirt.io/api/core/v1/types.go@v1.9.0 (LinkRefresh); the schema has no enum.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.plugins.suggestions import meant
from webhook.rules.base import Action, CauseType, Group, Mistakes, Registration, RegistrationRule, Violation

_KNOWN = ("link-refresh",)


def check(registration: Registration, _registry: Registry) -> Mistakes:
    """Compare with the only known method. An empty string counts as absent."""
    migration = registration.plugin.migration
    found = migration.method if migration is not None else None
    if not found or found in _KNOWN:
        return ()
    message = f"migration method {quoted(found)} is unknown to KubeVirt and ignored{meant(found, _KNOWN)}"
    return [Violation(("migration", "method"), message, 'use "link-refresh", or remove method if the link need not be refreshed')]


RULE = RegistrationRule(
    name="unknown-migration-method",
    group=Group.REGISTRATIONS,
    check=check,
    cause=CauseType.NOT_SUPPORTED,
    action=Action.WARN,
    since=Version(1, 2),
)
