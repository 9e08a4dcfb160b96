"""VMIs out of files, by namespace and name and nothing else."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.check.builders import write
from webhook.admission.vmi_source import VMISourceError
from webhook.errors import UnreadableError
from webhook.runtime.vmi_directory import MAX_FILE_BYTES, VMIDirectory


def vmi(name: str = "web", namespace: str = "shop", uid: str = "1") -> str:
    head = f"apiVersion: kubevirt.io/v1\nkind: VirtualMachineInstance\nmetadata: {{name: {name}, namespace: {namespace}, uid: '{uid}'}}\n"
    return head + "spec: {domain: {devices: {}}}\n"


def found(directory: Path, name: str = "web", namespace: str = "shop") -> str | None:
    """The uid of the VMI that is found."""
    body = asyncio.run(VMIDirectory(str(directory)).get(namespace, name))
    return None if body is None else json.loads(body)["metadata"]["uid"]


def test_a_vmi_is_found_by_namespace_and_name_among_many_in_files_of_either_kind(tmp_path: Path) -> None:
    pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n"
    one = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "j", "namespace": "shop", "uid": "4"}}
    write(
        tmp_path, {"a.yaml": vmi(uid="1") + "---\n" + vmi("db", uid="2") + pod, "deep/b.json": json.dumps({"kind": "List", "items": [one]})}
    )
    assert (found(tmp_path), found(tmp_path, "db"), found(tmp_path, "j")) == ("1", "2", "4")
    assert found(tmp_path, "web", "other") is None
    assert found(tmp_path, "pod") is None


@pytest.mark.parametrize("name", ["../secret", "../secret.yaml", "a.yaml", "", "*", "/etc/passwd", "\0", "web\n"])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"secret.yaml": vmi("secret"), "vmis/a.yaml": vmi()})
    assert found(tmp_path / "vmis", name) is None
    assert found(tmp_path / "vmis", "secret", "..") is None


def test_a_file_that_changes_or_goes_is_noticed_at_the_next_lookup(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": vmi(uid="1")})
    directory = VMIDirectory(str(tmp_path))

    async def looked_up() -> bytes | None:
        return await directory.get("shop", "web")

    first = asyncio.run(looked_up())
    assert asyncio.run(looked_up()) is first
    write(tmp_path, {"a.yaml": vmi(uid="22")})
    assert b"22" in (asyncio.run(looked_up()) or b"")
    (tmp_path / "a.yaml").unlink()
    assert asyncio.run(looked_up()) is None


def test_of_two_the_first_counts(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": vmi(uid="1") + "---\n" + vmi(uid="2"), "b.yaml": vmi(uid="3")})
    assert found(tmp_path) == "1"


@pytest.mark.parametrize("broken", ["VirtualMachineInstance: [", "VirtualMachineInstance \0", "#" * (MAX_FILE_BYTES + 1)])
def test_a_broken_file_hides_only_what_may_be_in_it(tmp_path: Path, broken: str) -> None:
    write(tmp_path, {"a.yaml": vmi(), "b.yaml": broken})
    assert found(tmp_path) == "1"
    with pytest.raises(VMISourceError, match=r"b\.yaml") as raised:
        found(tmp_path, "db")
    assert raised.value.reason == "unavailable"


def test_a_directory_that_goes_is_an_error_not_an_absence(tmp_path: Path) -> None:
    (tmp_path / "vmis").mkdir()
    directory = VMIDirectory(str(tmp_path / "vmis"))
    (tmp_path / "vmis").rmdir()
    with pytest.raises(VMISourceError, match="vmis"):
        asyncio.run(directory.get("shop", "web"))


@pytest.mark.parametrize("name", ["gone", "a.yaml", "", "a\0b"])
def test_what_is_no_directory_at_the_start_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"a.yaml": vmi()})
    with pytest.raises(UnreadableError, match="give a directory with files of VMIs"):
        VMIDirectory(str(tmp_path / name) if name else name)


def test_objects_of_odd_shapes_are_passed_over(tmp_path: Path) -> None:
    odd = [
        "kind: VirtualMachineInstance",
        "kind: VirtualMachineInstance\nmetadata: 5",
        "kind: VirtualMachineInstance\nmetadata: {name: [web]}",
        "[VirtualMachineInstance]",
    ]
    write(tmp_path, {f"{index}.yaml": text for index, text in enumerate(odd)})
    assert found(tmp_path) is None
