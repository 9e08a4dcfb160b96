import pytest

from tests.asserts import assert_accepted, assert_found
from tests.builders import interface, registry, vmi
from webhook.rules.base import Action
from webhook.rules.networks.invalid_vm_network_cidr import RULE
from webhook.vmi.vmi import VMI

IPV4, IPV6 = "vmNetworkCIDR", "vmIPv6NetworkCIDR"
SLIRP = registry({"s": {"sidecarImage": "quay.io/kubevirt/network-slirp-binding:v1.9.0"}, "other": {"sidecarImage": "x"}})


def masqueraded(**pod: str | None) -> VMI:
    return vmi(interface(masquerade={}), networks=[{"name": "default", "pod": pod}])


@pytest.mark.parametrize(
    ("field", "subnet"),
    [
        *((IPV4, subnet) for subnet in ("10.0.2.0/24", "10.11.12.13/30", "010.000.002.000/24", "10.0.2.0/024", "0.0.0.0/0", "", None)),
        *((IPV6, subnet) for subnet in ("fd10:0:2::/120", "fd10::5/126", "FD10::/64", "", None)),
    ],
)
def test_a_subnet_with_four_addresses_is_accepted(field: str, subnet: str | None) -> None:
    assert_accepted(RULE, masqueraded(**{field: subnet}))


@pytest.mark.parametrize(
    ("field", "subnet", "fault"),
    [
        (IPV4, "10.11.12.0", "has no prefix length"),
        (IPV4, "10.11.12.0/31", "has fewer than four addresses"),
        (IPV4, "10.11.12.1/32", "has fewer than four addresses"),
        (IPV4, "10.11.12.0/33", "is not a subnet"),
        (IPV4, "10.11.12.0/", "is not a subnet"),
        (IPV4, "10.11.12.0/+24", "is not a subnet"),
        (IPV4, "10.11.12.0/255.255.255.0", "is not a subnet"),
        (IPV4, "10.11.12/24", "is not a subnet"),
        (IPV4, "10.11.12.256/24", "is not a subnet"),
        (IPV4, " 10.11.12.0/24", "is not a subnet"),
        (IPV4, "10.11.12.0/24 ", "is not a subnet"),
        (IPV4, "10.11.12.0/\u0662\u0664", "is not a subnet"),
        (IPV4, "0" * 1_000_000 + ".0.0.0/24x", "is not a subnet"),
        (IPV4, "pool", "has no prefix length"),
        (IPV6, "fd10:0:2::", "has no prefix length"),
        (IPV6, "fd10:0:2::/127", "has fewer than four addresses"),
        (IPV6, "fd10:0:2::/129", "is not a subnet"),
        (IPV6, "fe80::%eth0/64", "is not a subnet"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_virt_handler_cannot_use_is_found(field: str, subnet: str, fault: str) -> None:
    message = f"{fault}, so the VM never starts"
    assert_found(RULE, masqueraded(**{field: subnet}), field=f"networks[0].pod.{field}", message=message, severity=Action.DENY)


@pytest.mark.parametrize(("field", "subnet"), [(IPV4, "fd10::/120"), (IPV6, "10.0.2.0/24")])
def test_a_subnet_of_the_other_family_is_a_warning(field: str, subnet: str) -> None:
    assert_found(RULE, masqueraded(**{field: subnet}), field=f"networks[0].pod.{field}", message="is an IPv", severity=Action.WARN)


def test_both_fields_are_found() -> None:
    both = masqueraded(vmNetworkCIDR="10.0.2.0", vmIPv6NetworkCIDR="fd10::")
    assert_found(RULE, both, field=[f"networks[0].pod.{IPV4}", f"networks[0].pod.{IPV6}"])


@pytest.mark.parametrize(
    "binding", [{"bridge": {}}, {"passtBinding": {}}, {"binding": {"name": "other"}}, {"binding": {"name": "unknown"}}]
)
def test_other_bindings_do_not_read_it(binding: dict[str, dict[str, str]]) -> None:
    assert_accepted(RULE, vmi({**interface(), **binding}, networks=[{"name": "default", "pod": {IPV4: "10.0.2.0"}}]), SLIRP)


def test_a_network_without_an_interface_is_another_rule_s_business() -> None:
    assert_accepted(RULE, vmi(networks=[{"name": "default", "pod": {IPV4: "10.0.2.0"}}]))


@pytest.mark.parametrize(("pod", "found"), [({IPV4: "10.0.2.0"}, True), ({IPV4: "10.0.2.0/31"}, False), ({IPV6: "fd10::"}, False)])
def test_the_slirp_sidecar_reads_the_form_of_one_field(pod: dict[str, str], *, found: bool) -> None:
    slirp = vmi(interface(binding={"name": "s"}), networks=[{"name": "default", "pod": pod}])
    if found:
        assert_found(RULE, slirp, SLIRP, field=f"networks[0].pod.{IPV4}")
    else:
        assert_accepted(RULE, slirp, SLIRP)
