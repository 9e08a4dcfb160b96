"""Configuration files are mappings of sane size, whichever command reads them; the tests of each command tell of their keys."""

from pathlib import Path

import pytest

from tests.check.builders import write
from webhook.errors import UsageError
from webhook.loading.config_file import MAX_BYTES, read_content, read_mapping, setting_of_key


def mapping_in(directory: Path, content: str | bytes) -> dict[str, object]:
    write(directory, {"bindguard.yaml": content})
    return read_mapping(directory / "bindguard.yaml")


def test_keys_and_values_are_as_kubectl_would_read_them(tmp_path: Path) -> None:
    assert mapping_in(tmp_path, "failOn: warn\nrules: {no-binding: off}\n") == {"failOn": "warn", "rules": {"no-binding": False}}


@pytest.mark.parametrize("content", ["", "# nothing yet\n"])
def test_a_file_that_says_nothing_is_an_empty_mapping(tmp_path: Path, content: str) -> None:
    assert mapping_in(tmp_path, content) == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[]", "a configuration is a mapping"),
        ("5", "a configuration is a mapping"),
        ("a: 1\n---\nb: 2\n", "one YAML document"),
        ("a: [", "bindguard.yaml:1"),
        ("a: 1\na: 2", "bindguard.yaml:2"),
        ("a: !!python/object:os.system x", "bindguard.yaml:1"),
        (b"\xff\xfea", "one YAML document"),
        ("a: " + "[" * 100_000, "bindguard.yaml:1"),
        ("#" * (MAX_BYTES + 1), f"more than {MAX_BYTES:,} bytes"),
    ],
)
def test_anything_else_is_reported_with_the_name_of_the_file(tmp_path: Path, content: str | bytes, told: str) -> None:
    with pytest.raises(UsageError, match=told) as raised:
        mapping_in(tmp_path, content)
    assert "bindguard.yaml" in str(raised.value)


@pytest.mark.parametrize(("name", "told"), [("gone.yaml", "No such file"), ("a\0b", "null byte"), (".", "is a directory")])
def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read_content(tmp_path / name)


@pytest.mark.parametrize(
    "key", ["kubevirtVersion", "kubeVirtVersion", "KubeVirtVersion", "kubevirt-version", "kube-virt-version", "kubevirt_version"]
)
def test_keys_of_any_spelling_are_one_setting(key: str) -> None:
    assert setting_of_key(key) == "kubevirt_version"
