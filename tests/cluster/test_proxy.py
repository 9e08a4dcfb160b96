"""Through which proxy an API server is asked: the kubeconfig's, else the environment's unless it excepts the server; each told plainly."""

import asyncio
from pathlib import Path

import pytest
from kubernetes.config import incluster_config

from tests.cluster.fake_api import FakeApi
from tests.cluster.kubeconfigs import kubeconfig
from tests.tls import builders as tls
from webhook.cluster.api_error import ApiError
from webhook.cluster.connection import connect
from webhook.cluster.hints import explained
from webhook.cluster.kubeconfig import configuration_of
from webhook.errors import UsageError

FAR = "http://cluster.invalid"
NOBODY = "http://127.0.0.1:9"
VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def ask(file: str) -> None:
    """One question to the server of a kubeconfig."""

    async def story() -> None:
        server = await connect(kubeconfig=file)
        try:
            await server.get("/kubevirts")
        finally:
            await server.close()

    asyncio.run(story())


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_asked(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, api.url)
    ask(kubeconfig(tmp_path, FAR, {"token": "abc"}))
    assert api.requests[-1].headers["Host"] == "cluster.invalid"


def test_a_proxy_for_others_is_not_asked(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", NOBODY)
    ask(kubeconfig(tmp_path, api.url, {"token": "abc"}))


@pytest.mark.parametrize("excepted", ["127.0.0.1", "example.com, 127.0.0.0/8", "*"])
def test_a_server_that_no_proxy_excepts_is_asked_itself(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, excepted: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    monkeypatch.setenv("NO_PROXY", excepted)
    ask(kubeconfig(tmp_path, api.url, {"token": "abc"}))


@pytest.mark.parametrize(("excepted", "proxy"), [("10.96.0.0/12", None), ("10.112.0.0/12", NOBODY), ("", NOBODY)])
def test_in_a_pod_the_environment_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, excepted: str, proxy: str | None) -> None:
    for name, content in {"TOKEN": b"abc", "CERT": tls.ca().cert_pem}.items():
        (tmp_path / name).write_bytes(content)
        monkeypatch.setattr(incluster_config, f"SERVICE_{name}_FILENAME", str(tmp_path / name))
    told = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443", "HTTPS_PROXY": NOBODY, "NO_PROXY": excepted}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert configuration_of(None, None).proxy == proxy


def test_the_proxy_of_a_kubeconfig_counts_whatever_the_environment_says(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    monkeypatch.setenv("NO_PROXY", "*")
    ask(kubeconfig(tmp_path, FAR, {"token": "abc"}, {"proxy-url": api.url}))
    assert api.requests[-1].headers["Host"] == "cluster.invalid"


def test_a_proxy_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, FAR, {"token": "abc"}, {"proxy-url": "http://me:secret@127.0.0.1:9"})
    with pytest.raises(ApiError, match=r"no answer through the proxy http://\.\.\.@127\.0\.0\.1:9: ") as told:
        ask(file)
    assert "secret" not in str(told.value)
    assert "; check the proxy (" in str(explained(told.value))


UNUSABLE = ["nonsense:xx", "foo", "ftp://x", "socks4://h", "http://[::1", "http://", "http://x:99999", "http://x:0", "http://me:secret@x:y"]


@pytest.mark.parametrize("value", UNUSABLE)
def test_a_variable_that_cannot_be_a_proxy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", value)
    with pytest.raises(UsageError, match=r'^HTTP_PROXY: "[^"]+" cannot be a proxy; give http://HOST:PORT or https') as told:
        ask(kubeconfig(tmp_path, FAR, {"token": "abc"}))
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("value", [*UNUSABLE, 7])
def test_a_kubeconfig_whose_proxy_cannot_be_one_is_named(tmp_path: Path, value: object) -> None:
    file = kubeconfig(tmp_path, FAR, {"token": "abc"}, {"proxy-url": value})
    with pytest.raises(UsageError, match=f'^kubeconfig {file}: proxy-url: "[^"]+" cannot be a proxy; give http://HOST:PORT') as told:
        ask(file)
    assert "secret" not in str(told.value)


def test_a_variable_that_is_not_needed_may_hold_anything(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "foo")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    ask(kubeconfig(tmp_path, api.url, {"token": "abc"}))


@pytest.mark.parametrize("url", ["https://[::1", "foo", "https://x:99999", "https://"])
def test_a_server_that_has_no_address_is_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="cannot be the address of an API server; give https://HOST:PORT"):
        ask(kubeconfig(tmp_path, url, {"token": "abc"}))
