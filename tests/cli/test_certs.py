import base64
import json
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from tests.tls.builders import DAY, NOW, ca, leaf, made, write
from webhook.cli.certs import command
from webhook.errors import UsageError
from webhook.tls.names import names_in
from webhook.tls.pair import PairFiles
from webhook.tls.problems import PairError
from webhook.tls.provider import CertificateProvider

CA = ca()
LEAF = leaf(CA)


def certs(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)))


def test_what_is_generated_is_verified(tmp_path: Path) -> None:
    assert certs("generate", "--dir", tmp_path / "certs").exit_code == 0
    pair: list[str | Path] = ["--cert", tmp_path / "certs/tls.crt", "--key", tmp_path / "certs/tls.key", "--ca", tmp_path / "certs/ca.crt"]
    verified = certs("verify", *pair, "--name", "bindguard.bindguard.svc", "--name", "bindguard.bindguard.svc.cluster.local")
    assert verified.exit_code == 0
    assert {line.split()[0] for line in verified.output.splitlines()} == {"ok"}


def test_generate_says_where_until_when_and_the_ca_bundle(tmp_path: Path) -> None:
    lines = certs("generate", "--dir", tmp_path, "--days", "10", "--ca-days", "20").output.splitlines()
    for line, file in zip(lines, ("tls.crt", "ca.crt"), strict=False):
        end = json.loads(certs("inspect", tmp_path / file, "--output", "json").output)[0]["notAfter"]
        assert line == f"{tmp_path}/{file}: expires on {end}"
    assert lines[2] == f"{tmp_path}/tls.key: the private key of {tmp_path}/tls.crt"
    bundle = lines[-1].removeprefix("caBundle: ")
    assert base64.b64decode(bundle) == (tmp_path / "ca.crt").read_bytes()


def test_generate_takes_service_namespace_and_further_names(tmp_path: Path) -> None:
    made = certs("generate", "--dir", tmp_path, "--service", "guard", "--namespace", "net", "--name", "10.0.0.7", "--output", "json")
    record: dict[str, Any] = json.loads(made.output)
    names = ["guard.net.svc", "guard.net.svc.cluster.local", "guard.net", "guard", "10.0.0.7"]
    assert record["files"][f"{tmp_path}/tls.crt"]["names"] == names
    assert (record["certificate"], record["key"], record["ca"]) == tuple(f"{tmp_path}/{name}" for name in ("tls.crt", "tls.key", "ca.crt"))
    assert names_in(x509.load_pem_x509_certificate(base64.b64decode(record["caBundle"]))) == ()


def test_generate_overwrites_only_when_forced(tmp_path: Path) -> None:
    certs("generate", "--dir", tmp_path)
    before = (tmp_path / "tls.key").read_bytes()
    again = certs("generate", "--dir", tmp_path)
    assert isinstance(again.exception, UsageError)
    assert (tmp_path / "tls.key").read_bytes() == before
    assert certs("generate", "--dir", tmp_path, "--force").exit_code == 0
    assert (tmp_path / "tls.key").read_bytes() != before


@pytest.mark.parametrize("flags", [["--days", "0"], ["--days", "36501"], ["--days", "x"], ["--output", "xml"]])
def test_a_flag_out_of_range_is_a_usage_error(tmp_path: Path, flags: list[str]) -> None:
    assert certs("generate", "--dir", tmp_path, *flags).exit_code == 2


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--days", "800"], "cannot outlive its CA"),
        (["--name", "a b"], '"a b" is no DNS name'),
        (["--service", ""], 'no Service can be called ""'),
        (["--service", "Bad_Name"], '--service: no Service can be called "Bad_Name"; write at most 63 lower-case letters'),
        (["--namespace", "a.b"], '--namespace: no namespace can be called "a.b"'),
    ],
)
def test_what_cannot_be_made_is_reported(tmp_path: Path, flags: list[str], words: str) -> None:
    done = certs("generate", "--dir", tmp_path / "certs", *flags)
    assert isinstance(done.exception, UsageError)
    assert words in str(done.exception)
    assert not (tmp_path / "certs").exists()


def test_inspect_shows_each_certificate_of_a_file(tmp_path: Path) -> None:
    write(tmp_path, LEAF, CA)
    text = certs("inspect", tmp_path / "tls.crt").output
    assert text.count("subject      CN=") == 2
    assert "names        bindguard.bindguard.svc, localhost, 127.0.0.1" in text
    assert "key          ECDSA P-256; a CA, may sign others" in text


def test_inspect_as_json_has_the_same_facts(tmp_path: Path) -> None:
    write(tmp_path, LEAF)
    (record,) = json.loads(certs("inspect", tmp_path / "tls.crt", "--output", "json").output)
    assert record["issuer"] == "CN=a CA"
    assert record["daysLeft"] in (89, 90)
    assert record["fingerprint"] == _fingerprint(tmp_path / "tls.crt")
    assert record["isCa"] is False


def _fingerprint(file: Path) -> str:
    """What openssl says."""
    command_line = ["openssl", "x509", "-in", str(file), "-noout", "-fingerprint", "-sha256"]
    return subprocess.run(command_line, capture_output=True, text=True, check=True).stdout.strip().partition("=")[2]


def test_inspect_reports_an_expired_certificate(tmp_path: Path) -> None:
    write(tmp_path, made(CA, start=NOW - 9 * DAY, end=NOW - DAY))
    assert "expired 1 day ago" in certs("inspect", tmp_path / "tls.crt").output


@pytest.mark.parametrize(("end", "words"), [(-1, "expired less than a day ago"), (1, "less than a day left")])
def test_inspect_never_speaks_of_no_days(tmp_path: Path, end: int, words: str) -> None:
    write(tmp_path, made(CA, start=NOW - 9 * DAY, end=NOW + end * DAY / 2))
    assert words in certs("inspect", tmp_path / "tls.crt").output


def test_inspect_asks_a_server(tmp_path: Path) -> None:
    write(tmp_path, LEAF)
    with _listening(tmp_path) as port:
        text = certs("inspect", f"localhost:{port}").output
    assert "subject      CN=bindguard.bindguard.svc" in text
    assert "agreed on    TLSv1.3, TLS_" in text


@contextmanager
def _listening(directory: Path) -> Iterator[int]:
    """A server that accepts one TLS connection."""
    source = CertificateProvider(PairFiles(cert=str(directory / "tls.crt"), key=str(directory / "tls.key")))
    context = source.context_for_listener()
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:

        def serve() -> None:
            accepted, _ = listener.accept()
            with context.wrap_socket(accepted, server_side=True):
                pass

        serving = pool.submit(serve)
        yield listener.getsockname()[1]
        serving.result()


@pytest.mark.parametrize("place", ["nowhere.crt", "localhost:1", "localhost:0", "localhost:99999", "a\0b:443", "[::1", ":"])
def test_inspect_of_what_is_not_there_is_reported(place: str) -> None:
    assert isinstance(certs("inspect", place).exception, PairError)


def files(directory: Path) -> list[str | Path]:
    (directory / "ca.crt").write_bytes(CA.cert_pem)
    return ["--cert", directory / "tls.crt", "--key", directory / "tls.key", "--ca", directory / "ca.crt"]


def test_verify_shows_all_that_is_wrong_and_exits_with_1(tmp_path: Path) -> None:
    write(tmp_path, leaf(ca("another CA"), days=10))
    (tmp_path / "tls.key").write_bytes(LEAF.key_pem)
    done = certs("verify", *files(tmp_path), "--name", "other.svc")
    assert done.exit_code == 1
    problems = [line for line in done.output.splitlines() if line.startswith("problem")]
    words = ["does not belong to the certificate", "is not for other.svc", "expires in 9 days", "holds no CA that signed"]
    assert len(problems) == len(words)
    assert all(word in problem for word, problem in zip(words, problems, strict=True))


@pytest.mark.parametrize(("days", "words"), [(1, "expires in less than a day, on"), (2, "expires in 1 day, on")])
def test_verify_counts_the_last_days_well(tmp_path: Path, days: int, words: str) -> None:
    write(tmp_path, leaf(CA, days=days))
    assert words in certs("verify", "--cert", tmp_path / "tls.crt").output


def test_verify_says_of_no_expired_file_that_it_lasts(tmp_path: Path) -> None:
    write(tmp_path, made(CA, start=NOW - 9 * DAY, end=NOW - DAY))
    done = certs("verify", *files(tmp_path))
    assert done.exit_code == 1
    assert "expired on" in done.output
    assert f"{tmp_path}/tls.crt lasts" not in done.output
    assert f"ok       {tmp_path}/ca.crt lasts 30 days" in done.output


def test_verify_as_json_shows_fine_checks_too(tmp_path: Path) -> None:
    write(tmp_path, LEAF)
    done = certs("verify", *files(tmp_path), "--within-days", "100", "--output", "json")
    record = json.loads(done.output)
    assert (done.exit_code, record["ok"]) == (1, False)
    (wrong,) = [check for check in record["checks"] if check["problems"]]
    assert wrong["check"] == f"{tmp_path}/tls.crt lasts 100 days"
    assert wrong["problems"][0]["fault"] == "expired"


def test_verify_finds_the_ca_above_an_intermediate(tmp_path: Path) -> None:
    intermediate = made(CA, name="intermediate", is_ca=True)
    write(tmp_path, made(intermediate), intermediate)
    assert certs("verify", *files(tmp_path)).exit_code == 0


def test_verify_reports_that_the_ca_expires_before_it_matters(tmp_path: Path) -> None:
    short = ca("short CA", days=20)
    write(tmp_path, leaf(short, days=19))
    arguments = files(tmp_path)
    (tmp_path / "ca.crt").write_bytes(short.cert_pem)
    done = certs("verify", *arguments)
    assert done.exit_code == 1
    assert "CN=short CA expires in 19 days" in done.output
    assert certs("verify", *arguments, "--within-days", "5").exit_code == 0


def test_verify_does_without_key_and_ca(tmp_path: Path) -> None:
    write(tmp_path, LEAF)
    assert certs("verify", "--cert", tmp_path / "tls.crt").exit_code == 0


def test_verify_without_a_certificate_is_a_usage_error() -> None:
    assert certs("verify").exit_code == 2


@pytest.mark.parametrize("content", [None, b"", b"nothing"])
def test_verify_of_what_cannot_be_read_is_reported(tmp_path: Path, content: bytes | None) -> None:
    write(tmp_path, LEAF)
    if content is None:
        (tmp_path / "tls.key").unlink()
    else:
        (tmp_path / "tls.key").write_bytes(content)
    assert isinstance(certs("verify", *files(tmp_path)).exception, PairError)
