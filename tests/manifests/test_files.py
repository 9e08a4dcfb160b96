import os
import pathlib

import pytest

from webhook.errors import UnreadableError
from webhook.manifests.files import find_files


@pytest.fixture
def tree(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*names: str) -> None:
    for name in names:
        path = pathlib.Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a: 1\n", encoding="utf-8")


def found(*paths: str, exclude: tuple[str, ...] = ()) -> list[str]:
    return [str(each) for each in find_files(paths, exclude=exclude)]


pytestmark = pytest.mark.usefixtures("tree")


def test_a_directory_gives_its_manifests_sorted_and_as_the_user_named_it() -> None:
    make("d/b.yaml", "d/a.yml", "d/c/z.json", "d/README.md", "d/x.yaml.bak")
    assert found("d") == ["d/a.yml", "d/b.yaml", "d/c/z.json"]
    assert found("./d/") == ["./d/a.yml", "./d/b.yaml", "./d/c/z.json"]


def test_the_current_directory_adds_no_prefix() -> None:
    make("b.yaml", "d/a.yaml")
    assert found(".") == ["b.yaml", "d/a.yaml"]


def test_a_named_file_is_taken_whatever_its_ending() -> None:
    make("vm.txt", ".hidden/vm.yaml")
    assert found("vm.txt", ".hidden/vm.yaml", "-", "-") == ["vm.txt", ".hidden/vm.yaml", "-"]


def test_hidden_directories_and_node_modules_are_skipped_unless_named() -> None:
    make(".git/a.yaml", "node_modules/p/a.yaml", "d/.cache/a.yaml", ".a.yaml")
    assert found(".") == [".a.yaml"]
    assert found(".git") == [".git/a.yaml"]


def test_a_file_reached_twice_is_given_once() -> None:
    make("d/a.yaml")
    pathlib.Path("d/link.yaml").symlink_to("a.yaml")
    assert found("d/a.yaml", "d", "d/*.yaml") == ["d/a.yaml"]


def test_links_to_directories_are_not_followed_and_loops_end() -> None:
    make("d/e/a.yaml", "far/b.yaml")
    for name in ("up", "up2"):
        pathlib.Path("d/e", name).symlink_to("..")
    pathlib.Path("d/far").symlink_to("../far")
    pathlib.Path("d/root").symlink_to("/")
    pathlib.Path("d/self.yaml").symlink_to("self.yaml")
    told = "4 symbolic links were not followed (to a directory, or out of the checked paths); the first: d/far"
    assert found("d") == ["d/self.yaml: Too many levels of symbolic links", "d/e/a.yaml", told]
    assert found("d/**/*.yaml") == ["d/self.yaml: Too many levels of symbolic links", "d/e/a.yaml", told]


def test_links_to_files_are_followed_within_the_directories_that_are_named() -> None:
    make("d/a.yaml", "e/b.yaml", "far/c.yaml")
    for name, target in {"in": "a.yaml", "beside": "../e/b.yaml", "out": "../far/c.yaml", "gone": "../far/gone.yaml"}.items():
        pathlib.Path("d", f"{name}.yaml").symlink_to(target)
    pathlib.Path("d/device.yaml").symlink_to("/dev/zero")
    pathlib.Path("d/notes.md").symlink_to("/etc/passwd")
    told = "symbolic links were not followed (to a directory, or out of the checked paths); the first: d/"
    assert found("d") == ["d/a.yaml", f"4 {told}beside.yaml"]
    assert found("d", "e") == ["d/a.yaml", "d/beside.yaml", f"3 {told}device.yaml"]
    assert found("d/o*.yaml") == [f"1 symbolic link was {told.partition('were ')[2]}out.yaml"]
    assert found(".")[:1] == ["d/a.yaml"]


def test_what_is_named_may_be_a_link() -> None:
    make("far/a.yaml", "far/b.yaml")
    pathlib.Path("d").mkdir()
    pathlib.Path("d/one.yaml").symlink_to("../far/a.yaml")
    pathlib.Path("d/all").symlink_to("../far")
    assert found("d/one.yaml") == ["d/one.yaml"]
    assert found("d/all") == ["d/all/a.yaml", "d/all/b.yaml"]
    assert found("d/all/../a.yaml", "d/all/*.yaml")[1:] == ["d/all/a.yaml", "d/all/b.yaml"]


def test_a_mounted_config_map_is_read_through_its_links() -> None:
    make("mount/..2026/vm.yaml")
    pathlib.Path("mount/..data").symlink_to("..2026")
    pathlib.Path("mount/vm.yaml").symlink_to("..data/vm.yaml")
    assert found("mount") == ["mount/vm.yaml"]


def test_what_is_no_file_is_reported_and_never_opened() -> None:
    pathlib.Path("d").mkdir()
    os.mkfifo("d/pipe.yaml")
    assert found("d", "/dev/null") == [
        "d/pipe.yaml: is a named pipe, not a file; to check a stream, name - and redirect it to standard input",
        "/dev/null: is a device, not a file; to check a stream, name - and redirect it to standard input",
    ]


@pytest.mark.parametrize("name", ["missing.yaml", "", "missing/", "a\0b"])
def test_a_path_that_does_not_exist_is_reported(name: str) -> None:
    (error,) = find_files([name])
    assert isinstance(error, UnreadableError)
    assert error.file == name


def test_a_broken_link_in_a_directory_is_reported() -> None:
    pathlib.Path("d").mkdir()
    pathlib.Path("d/vm.yaml").symlink_to("nowhere")
    assert found("d") == ["d/vm.yaml: No such file or directory"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_directory_that_may_not_be_read_is_reported() -> None:
    make("d/e/a.yaml", "d/b.yaml")
    pathlib.Path("d/e").chmod(0)
    assert found("d") == ["d/b.yaml", "d/e: Permission denied"]
    pathlib.Path("d/e").chmod(0o700)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.yaml", ["a.yaml"]),
        ("d/?.yaml", ["d/b.yaml"]),
        ("d/*.yaml", ["d/b.yaml", "d/cc.yaml"]),
        ("**/*.yaml", ["a.yaml", "d/b.yaml", "d/cc.yaml", "d/e/f.yaml", "d/e/g/h.yaml"]),
        ("d/**/h.*", ["d/e/g/h.yaml"]),
        ("d/**", ["d/b.yaml", "d/cc.yaml", "d/e/f.yaml", "d/e/g/h.yaml"]),
        ("*/e", ["d/e/f.yaml", "d/e/g/h.yaml"]),
        ("d/[bx].yaml", ["d/b.yaml"]),
        ("d/[!b]*.yaml", ["d/cc.yaml"]),
        ("*/*.md", ["d/README.md"]),
        ("d/*", ["d/b.yaml", "d/cc.yaml", "d/e/f.yaml", "d/e/g/h.yaml"]),
        ("*.json", ["*.json: no file matches this pattern"]),
        ("missing/*.yaml", ["missing/*.yaml: no file matches this pattern"]),
    ],
)
def test_patterns_are_expanded(pattern: str, names: list[str]) -> None:
    make("a.yaml", "d/b.yaml", "d/cc.yaml", "d/README.md", "d/e/f.yaml", "d/e/g/h.yaml", ".git/x.yaml")
    assert found(pattern) == names


def test_a_file_that_is_named_like_a_pattern_is_that_file() -> None:
    make("[a].yaml", "a.yaml")
    assert found("[a].yaml") == ["[a].yaml"]


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        (("charts",), ["a.yaml", "d/b.yaml"]),
        (("charts/",), ["a.yaml", "d/b.yaml"]),
        (("/charts",), ["a.yaml", "d/b.yaml", "d/charts/e.yaml"]),
        (("d/charts/**",), ["a.yaml", "charts/c.yaml", "d/b.yaml"]),
        (("*.yaml",), []),
        (("**/b.yaml", "e.*"), ["a.yaml", "charts/c.yaml"]),
        (("b.yam", "char"), ["a.yaml", "charts/c.yaml", "d/b.yaml", "d/charts/e.yaml"]),
        (("[b-a]*", "[", "[]", "[!]", "[[a--b]"), ["a.yaml", "charts/c.yaml", "d/b.yaml", "d/charts/e.yaml"]),
        (("[!a-b].yaml",), ["a.yaml", "d/b.yaml"]),
        (("d[!x]b.yaml", "d[/]b.yaml"), ["a.yaml", "charts/c.yaml", "d/b.yaml", "d/charts/e.yaml"]),
        (("",), ["a.yaml", "charts/c.yaml", "d/b.yaml", "d/charts/e.yaml"]),
    ],
)
def test_exclusions_are_patterns_like_gitignore_s(exclude: tuple[str, ...], left: list[str]) -> None:
    make("a.yaml", "charts/c.yaml", "d/b.yaml", "d/charts/e.yaml")
    assert found(".", exclude=exclude) == left


def test_a_named_file_is_excluded_too() -> None:
    make("charts/c.yaml")
    assert found("./charts/c.yaml", exclude=("charts",)) == []
