"""The sidecars that KubeVirt itself ships, told by their image."""

from collections.abc import Mapping

PASST_IMAGE = "network-passt-binding"

BUILT_IN_NAME: Mapping[str, str] = {
    PASST_IMAGE: "passt",
    "network-slirp-binding": "slirp",
    "network-vdpa-binding": "vdpa",
}
"""By image, the plugin name that each sidecar was built with (kubevirt/kubevirt#18419, #18435)."""


def image_name(image: str | None) -> str:
    """The last part of an image reference, without registry, tag and digest: `quay.io/kubevirt/x:v1@sha256:...` is `x`."""
    return (image or "").partition("@")[0].rpartition("/")[2].partition(":")[0]
