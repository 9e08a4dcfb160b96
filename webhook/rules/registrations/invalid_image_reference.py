"""The sidecarImage of a registration is not an image reference.

What
    `sidecarImage` does not have the format `[registry[:port]/]path[:tag][@digest]`.

Why
    KubeVirt accepts any string. The kubelet refuses the sidecar of the launcher pod with InvalidImageName, and no VM that uses the plugin
    starts.

Refused
    sidecarImage: https://quay.io/kubevirt/network-passt-binding
    sidecarImage: "quay.io/kubevirt/network-passt-binding:"
    sidecarImage: quay.io/KubeVirt/network-passt-binding:v1.9.0

Accepted
    sidecarImage: quay.io/kubevirt/network-passt-binding:v1.9.0
    sidecarImage: registry.local:5000/passt

Source
    KubeVirt does not check the value. The grammar is that of distribution/reference, which the kubelet uses (kubernetes/kubernetes
    pkg/util/parsers/parsers.go).
"""

import re

from webhook.kube.text import quoted
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, Mistakes, Registration, RegistrationRule, Violation

# No two neighbouring parts of this pattern can match the same character, so a mismatch is found in linear time.
_HOST = r"(?:[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)*|\[[0-9A-Fa-f:]+\])"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_PATH = rf"(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})"
_REFERENCE = re.compile(rf"(?:{_HOST}(?::[0-9]+)?/)?{_PATH}(?::{_TAG})?(?:@{_DIGEST})?")
_MAX_PATH_LENGTH = 255

_TAG_ALONE, _DIGEST_ALONE = re.compile(_TAG), re.compile(_DIGEST)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://")
_IMAGE_ID = re.compile(r"[0-9a-f]{64}")


def check(registration: Registration, _registry: Registry) -> Mistakes:
    """Match the grammar. An empty string counts as absent."""
    found = registration.plugin.sidecar_image
    if not found:
        return ()
    match = _REFERENCE.fullmatch(found)
    if match is not None and len(match["path"]) <= _MAX_PATH_LENGTH and not _IMAGE_ID.fullmatch(found):
        return ()
    message = f"sidecarImage {quoted(found)} is not an image reference: {_wrong(found)}"
    return [
        Violation(
            ("sidecarImage",), message, "write [registry[:port]/]path[:tag][@digest], as in quay.io/kubevirt/network-passt-binding:v1.9.0"
        )
    ]


def _wrong(image: str) -> str:
    """What is wrong with an image that does not match, the most telling first."""
    if any(character.isspace() for character in image):
        return "it contains white space"
    scheme = _SCHEME.match(image)
    if scheme is not None:
        return f"it begins with {quoted(scheme[0])}"
    if _IMAGE_ID.fullmatch(image):
        return "64 hexadecimal digits are an image's ID, not its name"
    return _wrong_part(image)


def _wrong_part(image: str) -> str:
    name, at, digest = image.partition("@")
    if at and not _DIGEST_ALONE.fullmatch(digest):
        return f'after "@" there must be a digest such as sha256: and 64 hexadecimal digits in lower case, not {quoted(digest)}'
    last = name.rpartition("/")[2]
    name_end, colon, tag = last.partition(":")
    if colon and not _TAG_ALONE.fullmatch(tag):
        return f"{quoted(tag)} is not a tag" if tag else "its tag is empty"
    path = name[: len(name) - len(last)].partition("/")[2] + name_end
    if path != path.lower():
        return "its path has capitals"
    return f"its path is longer than {_MAX_PATH_LENGTH} characters" if len(path) > _MAX_PATH_LENGTH else "its registry or path is malformed"


RULE = RegistrationRule(name="invalid-image-reference", group=Group.REGISTRATIONS, check=check)
