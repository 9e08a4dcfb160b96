"""The registry file under change: a good one is taken whole, a broken one never."""

import time
from pathlib import Path

import pytest

from tests.check.builders import KUBEVIRT, write
from webhook.errors import UnreadableError
from webhook.files import MAX_REGISTRY_BYTES
from webhook.kube.version import Version
from webhook.rules.base import Action
from webhook.runtime.registry.file import REPLACED_SECONDS, REWRITTEN_SECONDS, UNSETTLED_SECONDS, Look, RegistryFile
from webhook.runtime.registry.options import RuleActions

TAP = KUBEVIRT.replace("l2bridge", "tap")
NO_CHOICES = RuleActions()
OURS = """\
apiVersion: bindguard.io/v1
kind: Registry
kubeVirtVersion: "1.2"
plugins:
  passt: {domainAttachmentType: tap}
supplementaryOverheads:
  passt: {requests: {memory: 500Mi}}
"""


class Watched(RegistryFile):
    """A registry file on a clock that is set."""

    def __init__(self, path: Path, choices: RuleActions = NO_CHOICES) -> None:
        self.time = 0.0
        super().__init__(str(path), choices, now=lambda: self.time)

    def after(self, seconds: float) -> Look:
        """What a look comes to that many seconds after the last one."""
        self.time += seconds
        return self.look()

    def settled(self) -> Look:
        """What a change comes to in the end."""
        look = self.look()
        return self.after(REWRITTEN_SECONDS) if look is Look.UNSETTLED else look


def registry(directory: Path, text: str = KUBEVIRT, **choices: object) -> Watched:
    write(directory, {"r.yaml": text})
    return Watched(directory / "r.yaml", RuleActions(**choices))  # type: ignore[arg-type] # as `RuleActions` takes them


def plugins(file: RegistryFile) -> set[str]:
    return set(file.rule_set.registry.plugins)


def test_a_file_that_has_not_changed_leaves_the_rules_and_renews_their_age(tmp_path: Path) -> None:
    file = registry(tmp_path)
    before = file.rule_set
    write(tmp_path, {"r.yaml": KUBEVIRT})
    looked_at = time.monotonic()
    assert file.settled() is Look.SAME
    assert file.rule_set.evaluates_like(before)
    assert before.read_at < looked_at <= file.rule_set.read_at


def test_the_age_is_that_of_the_last_look_at_which_the_file_was_what_is_served(tmp_path: Path) -> None:
    file = registry(tmp_path)
    served = file.rule_set.read_at
    for broken in ("a: [", None):
        (tmp_path / "r.yaml").unlink() if broken is None else write(tmp_path, {"r.yaml": broken})
        assert [file.settled(), file.settled()] == [Look.REFUSED, Look.SAME]
        assert file.rule_set.read_at == served
    write(tmp_path, {"r.yaml": KUBEVIRT})
    assert file.settled() is Look.SWAPPED
    assert file.rule_set.read_at > served


def test_a_new_good_file_is_taken_as_a_whole(tmp_path: Path) -> None:
    file = registry(tmp_path)
    before = file.rule_set
    write(tmp_path, {"r.yaml": TAP})
    assert file.settled() is Look.SWAPPED
    assert plugins(file) == {"tap"}
    assert file.rule_set.plan.registry is file.rule_set.registry
    assert file.rule_set.version != before.version
    assert file.rule_set.read_at > before.read_at
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
def test_a_broken_file_keeps_the_old_rule_set_is_told_once_and_is_over_when_mended(tmp_path: Path, broken: bytes | None, told: str) -> None:
    file = registry(tmp_path)
    before = file.rule_set
    (tmp_path / "r.yaml").unlink() if broken is None else write(tmp_path, {"r.yaml": broken})
    assert [file.settled(), file.settled(), file.settled()] == [Look.REFUSED, Look.SAME, Look.SAME]
    assert file.rule_set is before
    assert file.problem is not None
    assert told in file.problem
    write(tmp_path, {"r.yaml": KUBEVIRT})
    assert file.settled() is Look.SWAPPED
    assert plugins(file) == {"l2bridge"}
    assert file.problem is None


def test_each_change_of_the_reason_is_told(tmp_path: Path) -> None:
    file = registry(tmp_path)
    looks = []
    for text in ("a: [", "kind: Pod\napiVersion: v1\n"):
        write(tmp_path, {"r.yaml": text})
        looks.append(file.settled())
    (tmp_path / "r.yaml").unlink()
    looks.append(file.settled())
    assert looks == [Look.REFUSED] * 3


def test_a_mounted_config_map_is_followed_through_its_links(tmp_path: Path) -> None:
    write(tmp_path, {"one/r.yaml": KUBEVIRT, "two/r.yaml": TAP})
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "r.yaml").symlink_to("..data/r.yaml")
    file = Watched(tmp_path / "r.yaml")
    (tmp_path / "..next").symlink_to("two")
    (tmp_path / "..next").replace(tmp_path / "..data")
    assert file.settled() is Look.SWAPPED
    assert plugins(file) == {"tap"}


@pytest.mark.parametrize("name", ["gone.yaml", ".", "a\0b"])
def test_what_cannot_be_read_at_the_start_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableError):
        RegistryFile(str(tmp_path / name), RuleActions())


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    import os  # noqa: PLC0415 - one test needs it

    os.mkfifo(tmp_path / "r.yaml")
    with pytest.raises(UnreadableError, match="is a named pipe"):
        RegistryFile(str(tmp_path / "r.yaml"), RuleActions())


def test_the_choices_of_the_settings_count(tmp_path: Path) -> None:
    file = registry(tmp_path, actions={"unregistered-plugin": Action.WARN, "no-binding": Action.OFF}, version=Version(1, 4))
    assert file.rule_set.registry.version == Version(1, 4)
    assert file.rule_set.plan.actions["unregistered-plugin"] is Action.WARN
    assert "no-binding" not in file.rule_set.plan.actions


def test_what_kubevirt_answers_itself_is_left_to_it(tmp_path: Path) -> None:
    assert "interface-without-network" in registry(tmp_path).rule_set.plan.actions
    assert "interface-without-network" not in registry(tmp_path, version=Version(1, 9)).rule_set.plan.actions


def test_the_supplementary_overheads_of_a_registry_file_are_kept(tmp_path: Path) -> None:
    file = registry(tmp_path, OURS)
    assert file.rule_set.supplementary["passt"].requests == {"memory": "500Mi"}
    assert file.rule_set.registry.version == Version(1, 2)


def rewrite(path: Path, text: str) -> None:
    """The same file with another content, as an editor or `cp` leaves it."""
    with path.open("r+", encoding="utf-8") as stream:
        stream.truncate()
        stream.write(text)


def test_a_file_that_was_put_in_place_is_served_once_it_has_not_changed_for_a_second(tmp_path: Path) -> None:
    file = registry(tmp_path)
    write(tmp_path, {"r.yaml": TAP})
    assert [file.look(), file.after(REPLACED_SECONDS / 2), file.after(REPLACED_SECONDS / 2)] == [
        Look.UNSETTLED,
        Look.UNSETTLED,
        Look.SWAPPED,
    ]
    assert plugins(file) == {"tap"}


def test_a_file_that_is_rewritten_in_place_in_pieces_is_never_served_in_part(tmp_path: Path) -> None:
    text = KUBEVIRT + "".join(f"        p{number}: {{domainAttachmentType: tap}}\n" for number in range(50))
    file = registry(tmp_path, text)
    served = file.rule_set
    for end in [*range(len(KUBEVIRT), len(text), 40), len(text)]:  # many of these are good YAML with fewer plugins
        rewrite(tmp_path / "r.yaml", "# new\n" + text[:end])
        assert file.after(REWRITTEN_SECONDS * 0.9) is Look.UNSETTLED or file.problem is not None
        assert file.rule_set is served
    assert file.after(REWRITTEN_SECONDS) is Look.SWAPPED
    assert (len(plugins(file)), file.problem) == (51, None)


def test_a_file_that_is_made_anew_and_written_in_pieces_is_never_served_in_part(tmp_path: Path) -> None:
    file = registry(tmp_path)
    (tmp_path / "r.yaml").unlink()
    for text in ("", "apiVersion: kubevirt.io/v1\nkind: KubeVirt\n", KUBEVIRT):
        (tmp_path / "r.yaml").open("a").close()
        rewrite(tmp_path / "r.yaml", text)
        assert file.after(REPLACED_SECONDS * 0.9) in (Look.UNSETTLED, Look.SAME)
        assert plugins(file) == {"l2bridge"}


def test_a_file_that_is_written_again_with_what_it_held_is_the_same(tmp_path: Path) -> None:
    file = registry(tmp_path)
    rewrite(tmp_path / "r.yaml", TAP[:-10])
    assert file.look() is Look.UNSETTLED
    rewrite(tmp_path / "r.yaml", KUBEVIRT)
    assert [file.look(), file.after(REWRITTEN_SECONDS)] == [Look.SAME, Look.SAME]


def test_a_file_that_keeps_changing_is_told_once_and_served_when_it_stops(tmp_path: Path) -> None:
    file = registry(tmp_path)
    looks = []
    for number in range(20):
        rewrite(tmp_path / "r.yaml", f"{TAP}# {number}\n")
        looks.append(file.after(UNSETTLED_SECONDS / 10))
    assert (looks.count(Look.REFUSED), looks.count(Look.SWAPPED)) == (1, 0)
    assert "keeps changing, for 60 s and more; write another file and rename it" in (file.problem or "")
    assert file.after(REWRITTEN_SECONDS) is Look.SWAPPED
    assert file.problem is None
