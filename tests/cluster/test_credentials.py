"""Who we are to an API server: tokens and CAs are replaced under us, and what cannot be read is an error like any other."""

import logging
import ssl
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import Configuration

from tests.cluster.fake_api import Asked, FakeApi
from tests.cluster.stories import run_with
from tests.tls import builders as tls
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.credentials import Credentials
from webhook.errors import UsageError


def run(credentials: Credentials, story: Callable[[ApiServer], Awaitable[Any]]) -> Any:
    return run_with(lambda: ApiServer(credentials), story)


def with_token(api: FakeApi, token: str, hook: Callable[[Configuration], None] | None = None) -> Configuration:
    configuration = Configuration(host=api.url, api_key={"BearerToken": f"Bearer {token}"})
    configuration.refresh_api_key_hook = hook  # type: ignore[assignment] # the client says it is always None
    return configuration


@pytest.mark.parametrize(
    ("broken", "told"),
    [(FileNotFoundError(2, "No such file", "/var/run/token"), "No such file: '/var/run/token'"), (KeyError(), "KeyError")],
)
def test_credentials_that_cannot_be_read_are_an_error_of_the_call_and_not_the_end(api: FakeApi, broken: Exception, told: str) -> None:
    troubles = [broken]

    def hook(_: Configuration) -> None:
        if troubles:
            raise troubles.pop()

    async def story(server: ApiServer) -> None:
        with pytest.raises(ApiError, match=rf"there are no credentials: .*{told}") as refused:
            await server.get("/kubevirts")
        assert (refused.value.status, refused.value.reason) == (0, "unauthorized")
        await server.get("/kubevirts")

    run(Credentials(with_token(api, "good", hook)), story)


def test_a_refused_token_is_answered_by_reading_the_configuration_anew(api: FakeApi) -> None:
    """The hook would not: it goes by the token's age, and by a clock that may have jumped."""

    def answer(asked: Asked) -> tuple[int, dict[str, Any]] | None:
        return None if asked.headers["Authorization"] == "Bearer new" else (401, {"message": "Unauthorized"})

    api.answer = answer
    tokens = ["old", "new"]
    credentials = Credentials(with_token(api, "first"), lambda: with_token(api, tokens.pop(0)))

    async def story(server: ApiServer) -> None:
        with pytest.raises(ApiError, match="HTTP 401: Unauthorized"):
            await server.get("/kubevirts")
        await server.get("/kubevirts")

    run(credentials, story)
    assert [each.headers["Authorization"] for each in api.requests] == ["Bearer first", "Bearer old", "Bearer old", "Bearer new"]


def test_a_configuration_that_cannot_be_read_anew_is_told(api: FakeApi) -> None:
    api.answer = lambda _asked: (401, {})

    def anew() -> Configuration:
        raise UsageError("kubeconfig x: it is gone")

    async def story(server: ApiServer) -> None:
        with pytest.raises(ApiError, match="there are no credentials: kubeconfig x: it is gone"):
            await server.get("/kubevirts")

    run(Credentials(with_token(api, "old"), anew), story)


def test_a_program_that_hangs_is_run_once_for_all_who_wait(api: FakeApi) -> None:
    runs: list[int] = []
    over = threading.Event()

    def hook(_: Configuration) -> None:
        runs.append(1)
        over.wait(30)

    async def story(server: ApiServer) -> None:
        for _ in range(10):
            with pytest.raises(ApiError, match="nothing came for 0"):
                await server.get("/kubevirts", seconds=0.01)
        over.set()
        await server.get("/kubevirts")

    run(Credentials(with_token(api, "good", hook)), story)
    assert len(runs) == 1


def test_what_a_library_logs_of_a_plugin_that_fails_does_not_come_out(api: FakeApi, caplog: pytest.LogCaptureFixture) -> None:
    """Its last token is shown for as long as the server takes it; then the reason is told."""

    def hook(_: Configuration) -> None:
        logging.error("[Errno 2] No such file")  # noqa: LOG015 - as the official client does

    run(Credentials(with_token(api, "good", hook)), lambda server: server.get("/kubevirts"))
    assert api.requests[-1].headers["Authorization"] == "Bearer good"
    assert not [each for each in caplog.records if each.name == "root"]


def test_an_api_server_with_a_new_ca_is_trusted_once_that_ca_is_in_the_file(tmp_path: Path) -> None:
    old, new, file = tls.ca("old"), tls.ca("new"), tmp_path / "ca.crt"
    file.write_bytes(old.cert_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.write(tmp_path, tls.leaf(new))
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    with FakeApi(context) as api:

        def configuration() -> Configuration:
            made = Configuration(host=api.url)
            made.ssl_ca_cert = str(file)
            return made

        async def story(server: ApiServer) -> None:
            with pytest.raises(ApiError, match="CERTIFICATE_VERIFY_FAILED"):
                await server.get("/kubevirts")
            file.write_bytes(new.cert_pem)
            await server.get("/kubevirts")

        run(Credentials(configuration(), configuration), story)
