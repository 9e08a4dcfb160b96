"""The files of a client of TLS, whatever they hold and are."""

import os
from pathlib import Path

import pytest

from tests.tls.builders import ca
from webhook.errors import UnreadableError
from webhook.review_client.client import Trust, tls_context

PEM = ca().cert_pem


def trusted(file: str | Path) -> int:
    """How many CAs a file makes a client trust."""
    return len(tls_context(Trust(ca=str(file))).get_ca_certs())


def test_comments_of_a_file_of_cas_may_be_of_any_encoding(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(b"# Staat der Nederlanden \xc3\xa9 \xff\n" + PEM)
    assert trusted(tmp_path / "ca.crt") == 1


def test_a_file_of_cas_may_be_a_pipe() -> None:
    reader, writer = os.pipe()
    os.write(writer, PEM)
    os.close(writer)
    assert trusted(f"/dev/fd/{reader}") == 1
    os.close(reader)


@pytest.mark.parametrize("content", [b"", b" ", b"x", b"\xff"])
def test_a_file_without_cas_does_not_let_the_system_s_be_trusted(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ca.crt").write_bytes(content)
    with pytest.raises(UnreadableError, match="holds no CA certificates in PEM"):
        trusted(tmp_path / "ca.crt")


def test_files_that_could_be_read_for_ever_are_told() -> None:
    for trust in (Trust(ca="/dev/zero"), Trust(certificate="/dev/zero"), Trust(certificate="/etc/hostname", key="/dev/zero")):
        with pytest.raises(UnreadableError, match="is a device, not a regular file"):
            tls_context(trust)
