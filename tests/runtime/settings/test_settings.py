"""Flags over variables over a file over defaults: what counts, where it came from, and what is said about what cannot."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.check.builders import write
from webhook.errors import UsageError
from webhook.rules import RULE_NAMED
from webhook.rules.base import Action
from webhook.runtime.registry.options import choices_of
from webhook.runtime.settings.layers import effective
from webhook.runtime.settings.model import ServeSettings, Transport, accepted
from webhook.runtime.settings.names import EffectiveSetting, flag, variable

ROOT = Path(__file__).parents[3]
ENOUGH = {"registry": "r.yaml", "self_signed": True}


def settings(
    flags: Mapping[str, object] | None = None, variables: Mapping[str, str] | None = None, file: Path | None = None
) -> EffectiveSetting:
    return effective({**ENOUGH, "config": None if file is None else str(file), **(flags or {})}, variables or {})


def config(directory: Path, text: str) -> Path:
    write(directory, {"bindguard.yaml": text})
    return directory / "bindguard.yaml"


def test_a_flag_goes_before_a_variable_before_the_file_before_the_default(tmp_path: Path) -> None:
    file = config(tmp_path, "port: 1\noperationsPort: 2\nmaxInFlight: 3\n")
    found = settings({"port": "11"}, {"BINDGUARD_PORT": "21", "BINDGUARD_OPERATIONS_PORT": "22"}, file)
    assert (found.settings.port, found.settings.operations_port, found.settings.max_in_flight, found.settings.tls_minimum) == (
        11,
        22,
        3,
        "1.2",
    )
    origins = [found.origin(name) for name in ("port", "operations_port", "max_in_flight", "tls_minimum")]
    assert origins == ["--port", "BINDGUARD_OPERATIONS_PORT", f"{file}: maxInFlight", "default"]


def test_rule_actions_of_all_places_count_and_the_higher_wins_for_one_rule(tmp_path: Path) -> None:
    file = config(tmp_path, "rules: {no-binding: off, reserved-mac: off, unknown-model: warn}\n")
    found = settings({"rules": ("no-binding=deny",)}, {"BINDGUARD_RULES": "no-binding=warn, reserved-mac=warn"}, file)
    assert found.settings.rules == {"no-binding": Action.DENY, "reserved-mac": Action.WARN, "unknown-model": Action.WARN}


def test_one_entry_makes_every_rule_warn_and_a_more_specific_one_goes_before_it(tmp_path: Path) -> None:
    file = config(tmp_path, "rules: {no-binding: deny, 'invalid-*': off}\n")
    actions = choices_of(settings({"rules": ("*=warn",)}, {}, file).settings).actions
    assert actions.keys() == RULE_NAMED.keys()
    assert (actions["no-binding"], actions["invalid-port"], actions["reserved-mac"]) == (Action.DENY, Action.OFF, Action.WARN)


def test_paths_in_a_file_are_relative_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"etc/b.yaml": "registry: r.yaml\ntlsCert: /etc/tls/tls.crt\ntls-key: ../tls.key\nvmi_directory: vmis\n"})
    found = effective({}, {"BINDGUARD_CONFIG": "etc/b.yaml"}).settings
    assert (found.registry, found.tls_cert, found.tls_key, found.vmi_directory) == (
        "etc/r.yaml",
        "../" * len(tmp_path.parts[1:]) + "etc/tls/tls.crt",
        "tls.key",
        "etc/vmis",
    )
    assert found.transport is Transport.FILES


def test_lists_are_repeated_flags_comma_separated_variables_and_yaml_lists(tmp_path: Path) -> None:
    assert settings({"exclude": ("a", "b-*"), "self_signed_names": ("x", "y")}).settings.exclude.namespaces == ("a", "b-*")
    assert settings({}, {"BINDGUARD_EXCLUDE_NAMESPACES": "a, b-*"}).settings.exclude.namespaces == ("a", "b-*")
    file = config(tmp_path, "exclude: {namespaces: [a, b-*]}\nselfSignedNames: [x.test, z.test]\n")
    assert settings({}, {}, file).settings.exclude.namespaces == ("a", "b-*")
    assert settings({}, {}, file).settings.self_signed_names == ("x.test", "z.test")


def test_a_bare_off_in_yaml_is_off_and_a_size_may_have_a_suffix(tmp_path: Path) -> None:
    found = settings({}, {}, config(tmp_path, "overhead: off\nmaxBodyBytes: 3Mi\n")).settings
    assert (found.overhead, found.max_body_bytes) == ("off", 3 * 1024 * 1024)


def test_a_switch_of_the_file_can_be_taken_back_by_a_flag(tmp_path: Path) -> None:
    file = config(tmp_path, "plainHttp: true\n")
    assert effective({"registry": "r", "config": str(file)}, {}).settings.transport is Transport.PLAIN_HTTP
    assert settings({"plain_http": False}, {}, file).settings.transport is Transport.SELF_SIGNED


def test_what_kubernetes_says_about_services_of_our_name_is_not_for_us() -> None:
    links = {
        "BINDGUARD_SERVICE_HOST": "10.0.0.1",
        "BINDGUARD_SERVICE_PORT": "443",
        "BINDGUARD_SERVICE_PORT_WEBHOOK": "443",
        "BINDGUARD_PORT": "tcp://10.0.0.1:443",
        "BINDGUARD_PORT_443_TCP": "tcp://10.0.0.1:443",
        "BINDGUARD_PORT_443_TCP_PROTO": "tcp",
        "BINDGUARD_OPERATIONS_PORT": "tcp://10.0.0.2:8080",
        "BINDGUARD_OPERATIONS_SERVICE_HOST": "10.0.0.2",
        "BINDGUARD_OPERATIONS_PORT_8080_TCP_ADDR": "10.0.0.2",
    }
    found = settings({}, links)
    assert (found.settings.port, found.origin("port"), found.settings.operations_port) == (8443, "default", 8080)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert settings({}, {"BINDGUARD_PORT": "", "BINDGUARD_REGISTRY": ""}).settings.port == 8443


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("port", "70000"),
        ("port", "-1"),
        ("port", "https"),
        ("operations_port", "8443.5"),
        ("host", ""),
        ("tls_minimum", "1.1"),
        ("reload_seconds", "0"),
        ("reload_seconds", "nan"),
        ("deadline_seconds", "inf"),
        ("drain_seconds", "-1"),
        ("max_body_bytes", "7 mebi"),
        ("max_body_bytes", "12"),
        ("max_body_bytes", "1e300"),
        ("max_in_flight", "0"),
        ("overhead", "sometimes"),
        ("log_level", "loud"),
        ("log_format", "xml"),
        ("plain_http", "perhaps"),
        ("rules", "no-binding=maybe"),
    ],
)
def test_a_bad_value_is_told_with_its_name_its_value_and_what_is_accepted(setting: str, value: str) -> None:
    with pytest.raises(UsageError) as by_variable:
        settings({}, {variable(setting): value} if value else {"BINDGUARD_HOST": " ", variable(setting) + "X": "x"})
    if value:
        shown = value.partition("=")[2] or value
        inside = ".no-binding" if setting == "rules" else ""
        assert str(by_variable.value) == f'{variable(setting)}{inside}: found "{shown}", accepted: {accepted(setting)}'
    with pytest.raises(UsageError) as by_flag:
        settings({setting: (value,) if setting == "rules" else value})
    assert str(by_flag.value).startswith(flag(setting))
    assert str(by_flag.value).endswith(f"accepted: {accepted(setting)}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prot: 8443", r'unknown key "prot"; did you mean port\?'),
        ("tlsCrt: x", r'unknown key "tlsCrt"; did you mean tls_cert\?'),
        ("zzz: 1", r'unknown key "zzz"; known are registry, .*log_format'),
        ("exclude: {namespace: [x]}", r'exclude: unknown key "namespace"; did you mean namespaces\?'),
        ("exclude: {namespaces: x}", "exclude.namespaces: found"),
        ("rules: {no-bindin: off}", r'rules: there is no rule "no-bindin"; did you mean "no-binding"\?'),
        ("rules: {no-binding: 5}", "rules.no-binding: found 5, accepted: deny, warn or off"),
        ("rules: [no-binding]", "rules: found"),
        ("port: true", "port: found true, accepted: a port"),
        ("port: [1]", "port: found"),
        ("vmiDirectory: {a: b}", "vmiDirectory: found an object, accepted: a directory name"),
        ("tlsMinimum: 1.3", r"tlsMinimum: found 1.3, accepted: \"1.2\" or \"1.3\""),
        ("kubevirtVersion: 1.10", "kubevirtVersion: found 1.1, accepted: a release"),
        ('kubevirtVersion: "1.0"', "kubevirtVersion: .*the oldest release checked is 1.1"),
        ("failOn: deny", "failOn is of `bindguard check`"),
        ("tlsCert: a\ntls-cert: b", "tls-cert and tlsCert are one key"),
        ("[]", "a configuration is a mapping"),
        ("5", "a configuration is a mapping"),
        ("a: 1\n---\nb: 2\n", "one YAML document"),
        ("a: [", "bindguard.yaml:1"),
        ("port: 1\nport: 2", "bindguard.yaml:2"),
        ("port: !!python/object:os.system x", "bindguard.yaml:1"),
        ("\0", "one YAML document"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as raised:
        settings({}, {}, config(tmp_path, text))
    assert "bindguard.yaml" in str(raised.value)


@pytest.mark.parametrize(
    ("flags", "variables", "told"),
    [
        ({"registry": None}, {}, "no registry: give --registry FILE, BINDGUARD_REGISTRY or registry: in the configuration file"),
        ({"self_signed": None}, {}, "no certificate: give --tls-cert and --tls-key, or --managed in a cluster, or --self-signed"),
        ({"self_signed": None, "tls_cert": "c"}, {}, "--tls-cert: a certificate and its key go together; give --tls-key FILE"),
        ({"self_signed": None}, {"BINDGUARD_TLS_KEY": "k"}, "BINDGUARD_TLS_KEY: a certificate and its key go together; give --tls-cert"),
        ({"plain_http": True}, {}, r"self_signed \(--self-signed\), plain_http \(--plain-http\): only one of these"),
        ({}, {"BINDGUARD_TLS_CERT": "c", "BINDGUARD_TLS_KEY": "k"}, r"tls_cert \(BINDGUARD_TLS_CERT\), .*only one of these"),
        ({"client_names": ("api",)}, {}, "--client-name: client names need a client CA"),
        ({"self_signed": None, "plain_http": True, "client_ca": "ca"}, {}, "--client-ca: without TLS"),
        ({"port": "8080"}, {}, "--port and default: both are 8080"),
        ({}, {"BINDGUARD_PROT": "1"}, r"unknown variable BINDGUARD_PROT; did you mean BINDGUARD_PORT\?"),
        ({}, {"BINDGUARD_FOO": "1"}, r"unknown variable BINDGUARD_FOO; known are BINDGUARD_"),
        ({"rules": ("no-binding",)}, {}, '--rule: "no-binding" is no rule with its action'),
        ({"rules": ("nonsense=off",)}, {}, '--rule: there is no rule "nonsense"'),
        ({"kubevirt_version": "latest"}, {}, '--kubevirt-version: "latest" is no KubeVirt release'),
        ({"cluster": True}, {}, "--registry and --cluster: only one of these can be"),
        ({"state_directory": "s"}, {}, "--state-directory: state_directory goes with cluster only"),
        ({"supplementary": "s"}, {}, "--supplementary: supplementary goes with cluster only"),
        ({}, {"BINDGUARD_CONTEXT": "c"}, "BINDGUARD_CONTEXT: context goes with cluster or managed only"),
        ({"self_signed": None, "managed": True}, {}, "--managed: a managed certificate needs the names that the API server calls"),
        ({"managed": True, "tls_names": ("a.b.svc",)}, {}, r"managed \(--managed\), self_signed .*only one of these"),
        ({"config": "gone.yaml"}, {}, "gone.yaml: No such file"),
        ({"config": "a\0b"}, {}, "null byte"),
    ],
)
def test_what_does_not_go_together_is_told(flags: Mapping[str, object], variables: Mapping[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        settings(flags, variables)


def test_the_registry_may_be_the_clusters_and_the_certificate_managed() -> None:
    found = effective({"cluster": True, "managed": True, "tls_names": ("bindguard.bindguard.svc",), "state_directory": "s"}, {})
    assert found.settings.transport is Transport.MANAGED


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(UsageError) as raised:
        settings({"port": "x", "rules": ("no-binding",)}, {"BINDGUARD_PROT": "1", "BINDGUARD_LOG_LEVEL": "loud"})
    assert len(str(raised.value).splitlines()) == 4


def test_a_file_of_insane_size_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="more than 1,048,576 bytes"):
        settings({}, {}, config(tmp_path, "#" * 2_000_000))


def test_every_setting_says_what_it_is_and_what_is_accepted() -> None:
    assert [name for name, field in ServeSettings.model_fields.items() if not field.description or not accepted(name)] == []


def test_the_example_has_every_setting() -> None:
    example = (ROOT / "examples/serve/bindguard.yaml").read_text()
    for name in ServeSettings.model_fields:
        first, *rest = name.split("_")
        assert f"{first}{''.join(map(str.title, rest))}:" in example


def test_the_page_knows_every_event_that_is_logged() -> None:
    page = (ROOT / "docs/serve.md").read_text()
    packages = ("runtime", "http", "tls", "cluster")
    sources = [path.read_text() for package in packages for path in (ROOT / "webhook" / package).rglob("*.py")]
    written = re.compile(r'(?:log\.(?:debug|info|warning|error|exception|critical)\(|event=)\s*"([^"]+)"')
    events = {event for text in sources for event in written.findall(text)}
    assert len(events) > 40
    assert [event for event in sorted(events) if f"`{event}`" not in page] == []


def test_the_example_configuration_is_accepted() -> None:
    found = effective({"config": str(ROOT / "examples/serve/bindguard.yaml")}, {})
    assert found.settings.transport is Transport.SELF_SIGNED
    assert Path(found.settings.registry or "").samefile(ROOT / "examples/kubevirt.yaml")


@pytest.mark.parametrize(
    "url",
    [
        "https://wiki.example.com/vms#{rule}",
        "http://wiki:8080/{rule}/{rule}.html",
        "https://example.com/",
        "HTTPS://example.com/a?b=c&d=%20",
    ],
)
def test_a_help_url_is_an_http_address_with_the_rule_s_name_left_open(url: str) -> None:
    assert settings({"help_url": url}).settings.help_url == url


@pytest.mark.parametrize(
    "url",
    [
        *("wiki.example.com/{rule}", "ftp://example.com/{rule}", "javascript:alert(1)", "https:///{rule}", "https://[::1", "//example.com"),
        *(
            "https://example.com/{name}",
            "https://example.com/{rule",
            "https://example.com/a b",
            "https://example.com/\n",
            "https://example.com/]",
        ),
        *("https://example.com/\x1b[31m", "https://example.com/\u202e", "https://example.com/" + "a" * 500),
    ],
)
def test_any_other_help_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"--help-url: found .*, accepted: an http or https URL of at most 500 characters"):
        settings({"help_url": url})


@pytest.mark.parametrize("contact", ["", "a\nb", "a\x1b[31m", "\u202eevil", "x" * 201])
def test_a_contact_is_one_line_of_visible_text(contact: str) -> None:
    assert settings({"contact": "#vm-network, or net@example.com"}).settings.contact == "#vm-network, or net@example.com"
    with pytest.raises(UsageError, match=r"--contact: found .*, accepted: one line of at most 200 characters"):
        settings({"contact": contact})
