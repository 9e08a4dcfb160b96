"""Recognise the network binding sidecars that KubeVirt ships, by their image."""

from collections.abc import Mapping

from webhook.kube.version import Version, parse_version

PASST_IMAGE = "network-passt-binding"
SLIRP_IMAGE = "network-slirp-binding"
VDPA_IMAGE = "network-vdpa-binding"

BUILT_IN_NAME: Mapping[str, str] = {
    PASST_IMAGE: "passt",
    SLIRP_IMAGE: "slirp",
    VDPA_IMAGE: "vdpa",
}
"""The plugin name that is built into each sidecar, by image (kubevirt/kubevirt#18419, #18435)."""


def image_name(image: str | None) -> str:
    """The last part of an image reference, without registry, tag and digest: `quay.io/kubevirt/x:v1@sha256:...` is `x`."""
    return (image or "").partition("@")[0].rpartition("/")[2].partition(":")[0]


def image_release(image: str | None) -> Version | None:
    """The release that an image's tag names, `None` where it names none: `quay.io/kubevirt/x:v1.8.0` is 1.8."""
    tag = (image or "").partition("@")[0].rpartition("/")[2].partition(":")[2]
    return parse_version(tag)
