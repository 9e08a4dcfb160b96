import pytest

from webhook.kube.version import Version, parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v1.9.0", Version(1, 9, 0)),
        ("1.9.0", Version(1, 9)),
        ("1.9", Version(1, 9)),
        ("v0.59.2", Version(0, 59, 2)),
        (" v1.5.3\n", Version(1, 5, 3)),
        ("v1.8.0-rc.1", Version(1, 8)),
        ("v1.8.1-15-gabcdef", Version(1, 8, 1)),
        ("1.7.0+downstream", Version(1, 7)),
    ],
)
def test_a_release_is_read_from_a_tag(text: str, version: Version) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    "text",
    [
        "",
        "latest",
        "devel",
        "v1",
        "v1.x",
        "1.9.0.1",
        "20240131",
        "20240131_abcdef",
        "vv1.9",
        "V1.9",
        "01.9",
        "1.09",
        "-1.9",
        "1.99999",
        "\u0661.9",
    ],
)
def test_a_tag_that_names_no_release_is_no_version(text: str) -> None:
    assert parse_version(text) is None


def test_releases_are_ordered_by_number_and_not_by_letter() -> None:
    assert Version(1, 9) < Version(1, 9, 1) < Version(1, 10) < Version(2, 0)
    assert Version(1, 9) == Version(1, 9, 0)


@pytest.mark.parametrize(("version", "text"), [(Version(1, 9), "1.9"), (Version(1, 9, 0), "1.9"), (Version(1, 5, 3), "1.5.3")])
def test_a_version_prints_as_people_say_it_and_reads_back(version: Version, text: str) -> None:
    assert str(version) == text
    assert parse_version(text) == version
