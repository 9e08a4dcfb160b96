import time

import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import registration
from webhook.rules.registrations.invalid_image_reference import RULE

SHA256 = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    "image",
    [
        "passt",
        "passt:latest",
        "kubevirt/passt",
        "quay.io/kubevirt/network-passt-binding:v1.9.0",
        "registry.local:5000/a/b_c/d__e/f-g/h---i.j:V1_2.3-x",
        "localhost:5000/passt",
        "[2001:db8::1]:5000/passt",
        "REGISTRY.example.COM/passt",
        "Registry/passt",
        f"quay.io/a/b@{SHA256}",
        f"quay.io/a/b:v1@{SHA256}",
        "a@sha512:" + "0" * 128,
        "a:" + "t" * 128,
        "",
        None,
    ],
)
def test_an_image_reference_is_accepted(image: str | None) -> None:
    assert_accepted(RULE, registration(sidecarImage=image))


@pytest.mark.parametrize(
    ("image", "wrong"),
    [
        (" ", "it contains white space"),
        ("quay.io/a/b:v1 ", "it contains white space"),
        ("quay.io/a/b:v1\n", "it contains white space"),
        ("https://quay.io/a/b", 'it begins with "https://"'),
        ("docker://quay.io/a/b", 'it begins with "docker://"'),
        ("0a" * 32, "64 hexadecimal digits are an image's ID"),
        ("quay.io/a/b:", "its tag is empty"),
        ("quay.io/a/b:-v1", '"-v1" is not a tag'),
        ("quay.io/a/b:" + "t" * 129, "is not a tag"),
        ("quay.io/a/b:v1:v2", '"v1:v2" is not a tag'),
        ("quay.io/KubeVirt/passt:v1", "its path has capitals"),
        ("Passt", "its path has capitals"),
        ("quay.io/a/b@", 'not ""'),
        ("quay.io/a/b@sha256:0a", 'after "@" there must be a digest'),
        (f"quay.io/a/b@{SHA256.upper()}", 'after "@" there must be a digest'),
        (f"quay.io/a/b@md5:{'0' * 32}", 'after "@" there must be a digest'),
        ("quay.io//b", "its registry or path is malformed"),
        ("/a/b", "its registry or path is malformed"),
        ("quay.io/a/", "its registry or path is malformed"),
        ("quay.io/a..b", "its registry or path is malformed"),
        ("quay.io:port/a", "its registry or path is malformed"),
        ("-quay.io/a", "its registry or path is malformed"),
        ("quay.io/a/${IMAGE}", "its path has capitals"),
        ("quay.io/a/{{image}}", "its registry or path is malformed"),
        ("a" * 256, "its path is longer than 255 characters"),
        ("quay.io/" + "a/" * 127 + "bc", "its path is longer than 255 characters"),
        ("quay.io/a:v\u0661", "is not a tag"),
    ],
    ids=lambda value: str(value)[:25],
)
def test_what_is_wrong_with_an_image_is_told(image: str, wrong: str) -> None:
    assert_found(RULE, registration(sidecarImage=image), field="sidecarImage", message=wrong, accepted="[registry[:port]/]path")


@pytest.mark.parametrize("unit", ["a", "a-", "a.", "a_", "a/", "-", "A-", "a:", "@", "0a", "[:", "a--"])
def test_a_hostile_image_is_evaluated_in_linear_time(unit: str) -> None:
    subject = registration(sidecarImage=unit * (300_000 // len(unit)) + "!")
    begin = time.perf_counter()
    assert_found(RULE, subject, field="sidecarImage")
    assert time.perf_counter() - begin < 2
