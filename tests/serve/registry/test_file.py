"""The registry file under change: a good one is taken whole, a broken one never."""

import time
from pathlib import Path

import pytest

from tests.check.builders import KUBEVIRT, write
from webhook.errors import UnreadableError
from webhook.files import MAX_REGISTRY_BYTES
from webhook.kube.version import Version
from webhook.rules.base import Action
from webhook.serve.registry.choices import Choices
from webhook.serve.registry.file import Look, RegistryFile

TAP = KUBEVIRT.replace("l2bridge", "tap")
OURS = """\
apiVersion: bindguard.io/v1
kind: Registry
kubeVirtVersion: "1.2"
plugins:
  passt: {domainAttachmentType: tap}
supplementaryOverheads:
  passt: {requests: {memory: 500Mi}}
"""


def registry(directory: Path, text: str = KUBEVIRT, **choices: object) -> RegistryFile:
    write(directory, {"r.yaml": text})
    return RegistryFile(str(directory / "r.yaml"), Choices(**choices))  # type: ignore[arg-type]


def plugins(file: RegistryFile) -> set[str]:
    return set(file.rulebook.registry.plugins)


def test_a_file_that_has_not_changed_leaves_the_rules_and_renews_their_age(tmp_path: Path) -> None:
    file = registry(tmp_path)
    before = file.rulebook
    write(tmp_path, {"r.yaml": KUBEVIRT})
    looked_at = time.monotonic()
    assert file.look() is Look.SAME
    assert file.rulebook.evaluates_like(before)
    assert before.read_at < looked_at <= file.rulebook.read_at


def test_the_age_is_that_of_the_last_look_at_which_the_file_was_what_is_served(tmp_path: Path) -> None:
    file = registry(tmp_path)
    served = file.rulebook.read_at
    for broken in ("a: [", None):
        (tmp_path / "r.yaml").unlink() if broken is None else write(tmp_path, {"r.yaml": broken})
        assert [file.look(), file.look()] == [Look.REFUSED, Look.SAME]
        assert file.rulebook.read_at == served
    write(tmp_path, {"r.yaml": KUBEVIRT})
    assert file.look() is Look.SWAPPED
    assert file.rulebook.read_at > served


def test_a_new_good_file_is_taken_as_a_whole(tmp_path: Path) -> None:
    file = registry(tmp_path)
    before = file.rulebook
    write(tmp_path, {"r.yaml": TAP})
    assert file.look() is Look.SWAPPED
    assert plugins(file) == {"tap"}
    assert file.rulebook.plan.registry is file.rulebook.registry
    assert file.rulebook.version != before.version
    assert file.rulebook.read_at > before.read_at
    assert set(before.registry.plugins) == {"l2bridge"}


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (b"", "holds no KubeVirt CR"),
        (b"a: [", "r.yaml:1"),
        (b"\0", "NUL"),
        (b"kind: Pod\napiVersion: v1\n", "not a registry"),
        ((KUBEVIRT + "---\n" + TAP).encode(), "holds 2 registries"),
        (KUBEVIRT.replace("{domainAttachmentType: managedTap, migration: {}}", "[]").encode(), "cannot serve as the registry"),
        (b"#" * (MAX_REGISTRY_BYTES + 1), "more than 33,554,432 bytes"),
        (None, "No such file"),
    ],
)
def test_a_broken_file_keeps_the_old_rulebook_is_told_once_and_is_over_when_mended(tmp_path: Path, broken: bytes | None, told: str) -> None:
    file = registry(tmp_path)
    before = file.rulebook
    (tmp_path / "r.yaml").unlink() if broken is None else write(tmp_path, {"r.yaml": broken})
    assert [file.look(), file.look(), file.look()] == [Look.REFUSED, Look.SAME, Look.SAME]
    assert file.rulebook is before
    assert file.problem is not None
    assert told in file.problem
    write(tmp_path, {"r.yaml": KUBEVIRT})
    assert file.look() is Look.SWAPPED
    assert plugins(file) == {"l2bridge"}
    assert file.problem is None


def test_each_change_of_the_reason_is_told(tmp_path: Path) -> None:
    file = registry(tmp_path)
    looks = []
    for text in ("a: [", "kind: Pod\napiVersion: v1\n"):
        write(tmp_path, {"r.yaml": text})
        looks.append(file.look())
    (tmp_path / "r.yaml").unlink()
    looks.append(file.look())
    assert looks == [Look.REFUSED] * 3


def test_a_mounted_config_map_is_followed_through_its_links(tmp_path: Path) -> None:
    write(tmp_path, {"one/r.yaml": KUBEVIRT, "two/r.yaml": TAP})
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "r.yaml").symlink_to("..data/r.yaml")
    file = RegistryFile(str(tmp_path / "r.yaml"), Choices())
    (tmp_path / "..next").symlink_to("two")
    (tmp_path / "..next").replace(tmp_path / "..data")
    assert file.look() is Look.SWAPPED
    assert plugins(file) == {"tap"}


@pytest.mark.parametrize("name", ["gone.yaml", ".", "a\0b"])
def test_what_cannot_be_read_at_the_start_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableError):
        RegistryFile(str(tmp_path / name), Choices())


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    import os  # noqa: PLC0415 - one test needs it

    os.mkfifo(tmp_path / "r.yaml")
    with pytest.raises(UnreadableError, match="is a named pipe"):
        RegistryFile(str(tmp_path / "r.yaml"), Choices())


def test_the_choices_of_the_settings_count(tmp_path: Path) -> None:
    file = registry(tmp_path, actions={"unregistered-plugin": Action.WARN, "no-binding": Action.OFF}, version=Version(1, 4))
    assert file.rulebook.registry.version == Version(1, 4)
    assert file.rulebook.plan.actions["unregistered-plugin"] is Action.WARN
    assert "no-binding" not in file.rulebook.plan.actions


def test_what_kubevirt_answers_itself_is_left_to_it(tmp_path: Path) -> None:
    assert "interface-without-network" in registry(tmp_path).rulebook.plan.actions
    assert "interface-without-network" not in registry(tmp_path, version=Version(1, 9)).rulebook.plan.actions


def test_the_supplementary_overheads_of_a_registry_file_are_kept(tmp_path: Path) -> None:
    file = registry(tmp_path, OURS)
    assert file.rulebook.supplementary["passt"].requests == {"memory": "500Mi"}
    assert file.rulebook.registry.version == Version(1, 2)
