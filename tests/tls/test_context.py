import os
import ssl
from pathlib import Path

import pytest

from webhook.tls.context import CIPHERS, bare_context, serving_context
from webhook.tls.pair import Pair
from webhook.tls.problems import Fault, PairError

from .builders import ca, leaf

CA = ca()
LEAF = leaf(CA)


def test_only_the_ciphers_of_the_list_and_those_of_tls_1_3_are_offered() -> None:
    offered = {cipher["name"] for cipher in bare_context(verify_clients=False).get_ciphers()}
    assert {name for name in offered if not name.startswith("TLS_")} == set(CIPHERS)
    assert all("GCM" in name or "CHACHA20" in name for name in offered)


def test_renegotiation_compression_and_tickets_are_off() -> None:
    context = bare_context(verify_clients=False)
    wanted = ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    assert context.options & wanted == wanted
    assert context.num_tickets == 0


def test_a_pair_that_openssl_refuses_is_an_error_of_ours() -> None:
    with pytest.raises(PairError, match="OpenSSL refuses it") as caught:
        serving_context(Pair(chain=(LEAF.certificate,), key=CA.key, cert_file="tls.crt"), None)
    assert caught.value.fault is Fault.UNFIT


def test_without_memory_files_the_key_is_on_disk_for_a_moment_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert serving_context(Pair(chain=(LEAF.certificate,), key=LEAF.key, cert_file="tls.crt"), None).cert_store_stats()["x509"] == 0
    assert list(tmp_path.iterdir()) == []
