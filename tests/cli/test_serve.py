"""`bindguard serve` as its user types it: flags, settings, help; no server is started."""

from pathlib import Path

import pytest

from tests.check.builders import KUBEVIRT, write
from tests.runtime.server import problems, serve_to_the_end
from webhook.runtime.settings.model import ServeSettings
from webhook.runtime.settings.names import flag


def test_the_help_shows_every_flag_and_the_exit_codes(tmp_path: Path) -> None:
    told = serve_to_the_end(tmp_path, "--help").stdout.decode()
    assert [name for name in ServeSettings.model_fields if flag(name) not in told] == []
    assert "[default: 8443]" in told
    assert "Exit code: 0" in told


def test_the_settings_are_shown_with_where_each_was_written(tmp_path: Path) -> None:
    write(tmp_path, {"b.yaml": "selfSigned: true\nrules: {no-binding: off}\nexclude: {namespaces: [a, b]}\n"})
    done = serve_to_the_end(
        tmp_path, "--config", "b.yaml", "--registry", "r.yaml", "--print-settings", environment={"BINDGUARD_PORT": "9443"}
    )
    assert done.returncode == 0
    told = {line.split()[0]: line.split()[1:] for line in done.stdout.decode().splitlines()}
    assert told["registry"] == ["r.yaml", "--registry"]
    assert told["port"] == ["9443", "BINDGUARD_PORT"]
    assert told["self_signed"] == ["true", "b.yaml:", "selfSigned"]
    assert told["rules"] == ["no-binding=off", "b.yaml:", "rules"]
    assert told["exclude"] == ["a,b", "b.yaml:", "exclude"]
    assert told["tls_minimum"] == ["1.2", "default"]
    assert told["client_ca"] == ["default"]
    assert list(told) == list(ServeSettings.model_fields)


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["--port", "high"], {}, '--port: found "high", accepted: a port, 0 to 65535'),
        ([], {"BINDGUARD_PROT": "1"}, "unknown variable BINDGUARD_PROT; did you mean BINDGUARD_PORT?"),
        (["--config", "gone.yaml"], {}, "gone.yaml: No such file or directory"),
        (["--prot", "1"], {}, "No such option"),
        (["--plain-http"], {}, "only one of these can be"),
        (["--rule", "no-bindin=off"], {}, 'did you mean "no-binding"?'),
    ],
)
def test_a_setting_that_cannot_be_used_ends_with_code_2(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], told: str
) -> None:
    write(tmp_path, {"r.yaml": KUBEVIRT})
    done = serve_to_the_end(tmp_path, "--registry", "r.yaml", "--self-signed", *arguments, environment=environment)
    assert done.returncode == 2
    assert told in problems(done)
    assert done.stdout == b""


def test_a_vmi_directory_that_is_none_ends_the_start_with_code_3(tmp_path: Path) -> None:
    write(tmp_path, {"r.yaml": KUBEVIRT})
    done = serve_to_the_end(tmp_path, "--registry", "r.yaml", "--self-signed", "--vmi-directory", "gone")
    assert done.returncode == 3
    assert problems(done) == "gone: No such file or directory; give a directory with files of VMIs"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--port", "high", "--drain-seconds", "x"], 2, 'bindguard: --port: found "high"'),
        (["--prot", "1"], 2, "No such option"),
        (["--vmi-directory", "gone"], 3, "bindguard: gone: No such file or directory"),
    ],
)
def test_where_a_person_reads_the_log_errors_are_plain_lines(tmp_path: Path, arguments: list[str], code: int, told: str) -> None:
    write(tmp_path, {"r.yaml": KUBEVIRT})
    environment = {"BINDGUARD_LOG_FORMAT": "console"}
    done = serve_to_the_end(tmp_path, "--registry", "r.yaml", "--self-signed", *arguments, environment=environment)
    assert (done.returncode, told in done.stderr.decode(), b"{" in done.stderr) == (code, True, False)


def test_each_setting_that_cannot_be_used_is_a_line_of_the_log(tmp_path: Path) -> None:
    done = serve_to_the_end(tmp_path, "--plain-http", "--port", "high", "--drain-seconds", "x", "--log-format", "json")
    assert [line.partition(":")[0] for line in problems(done).splitlines()] == ["--port", "--drain-seconds"]
