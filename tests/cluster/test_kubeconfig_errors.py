"""What a library logs on the root logger is heard where it is called, and all else comes out as it would."""

import logging
import threading

import pytest

from webhook.cluster.kubeconfig_errors import captured_logs


def test_errors_of_this_thread_are_heard_and_do_not_come_out(caplog: pytest.LogCaptureFixture) -> None:
    other = threading.Thread(target=logging.error, args=("from elsewhere",))
    with captured_logs() as errors:
        logging.error("gone")  # noqa: LOG015 - as libraries do
        logging.warning("a warning")  # noqa: LOG015 - as libraries do
        logging.getLogger("named").error("of somebody")
        other.start()
        other.join()
    logging.error("later")  # noqa: LOG015 - as libraries do
    assert errors == ["gone"]
    assert caplog.messages == ["a warning", "of somebody", "from elsewhere", "later"]


def test_a_program_without_handlers_has_none_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    with captured_logs() as errors:
        logging.error("gone")  # noqa: LOG015 - as libraries do
    assert (errors, root.handlers) == (["gone"], [])
