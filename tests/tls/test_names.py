import pytest

from webhook.tls.names import covers


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("guard.net.svc", "guard.net.svc"),
        ("Guard.NET.svc", "guard.net.SVC"),
        ("guard.net.svc", "guard.net.svc."),
        ("*.net.svc", "guard.net.svc"),
        ("10.0.0.7", "10.0.0.7"),
        ("::1", "[::1]"),
        ("0:0:0:0:0:0:0:1", "::1"),
    ],
)
def test_a_name_is_covered(name: str, wanted: str) -> None:
    assert covers(["other", name], wanted)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("guard.net.svc", "guard.net"),
        ("*.net.svc", "a.guard.net.svc"),
        ("*.net.svc", "net.svc"),
        ("*", "guard"),
        ("*.0.0.7", "10.0.0.7"),
        ("g*.net.svc", "guard.net.svc"),
        ("10.0.0.7", "10.0.0.8"),
    ],
)
def test_a_name_is_not_covered(name: str, wanted: str) -> None:
    assert not covers(["other", name], wanted)
