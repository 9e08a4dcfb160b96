"""The values of `interfaces[].state`, and the KubeVirt releases that have them."""

from webhook.kube.version import Version

ABSENT = "absent"
LINK_STATES = ("up", "down")
STATE_SINCE = Version(1, 0)
"""First release whose API has `state`; before it the API server prunes the field."""
LINK_STATES_SINCE = Version(1, 5)
"""First release that knows `up` and `down` (pkg/network/admitter/admit.go@v1.5.0)."""
