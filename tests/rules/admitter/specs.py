"""Random VMI specs: right values and near misses, coherent often enough for a single mistake to decide."""

from typing import Any, TypeAlias

from hypothesis import strategies as st

from .reference import BINDINGS, DEAD, Cluster

Object: TypeAlias = dict[str, Any]


def mostly(usual: st.SearchStrategy[Any], *odd: Any) -> st.SearchStrategy[Any]:
    """`usual`, and one time in twelve one of `odd`."""
    return st.sampled_from(range(12)).flatmap(lambda turn: usual if turn else st.sampled_from(odd))


def rarely(odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """`None`, and one time in eight something of `odd`."""
    return st.sampled_from(range(8)).flatmap(lambda turn: st.none() if turn else odd)


def near(*values: str, alphabet: str) -> st.SearchStrategy[str]:
    """One of the values, or one of them edited at one place."""

    @st.composite
    def edited(draw: st.DrawFn) -> str:
        value: str = draw(st.sampled_from(values))
        at = draw(st.integers(0, len(value)))
        put_in: str = draw(st.sampled_from(["", *alphabet]))
        return value[:at] + put_in + value[at + draw(st.integers(0, 1)) :]

    return st.sampled_from(values) | st.sampled_from(values) | edited()


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Object]:
    """Objects with any of the fields, each now and then `null`."""
    return st.fixed_dictionaries({}, optional={field: st.none() | values for field, values in fields.items()})


NAMES = mostly(st.sampled_from(["default", "net_1", "A-9", "b"]), "", None, "a.b", "ä", "a b", "a\n", "default ")
MODELS = st.sampled_from(["", "virtio", "e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "VirtIO", "e1000 ", "ne2k", "vmxnet3"])
MACS = near(
    *("02:00:00:00:00:01", "02:00:00:00:00:00", "DE-ad-00-00-be-AF", "0200.0000.0001", "02:00-00:00-00:01", "0200:0000:0001"),
    *("02-00-00-00-00-00", "02.00.00.00.00.01", "020000000001"),
    *(":".join(["0a"] * count) for count in (5, 7, 8, 20)),
    alphabet="0fFg:-.\n\u0660",
)
PCI_ADDRESSES = near("0000:02:00.0", "ABcd:ff:1f.7", "0000:02:00.8", "02:00.0", "0000:02:00:0", alphabet="0g:.8\n\u0660")
GOOD_SERVERS = st.sampled_from(["1.2.3.4", "::ffff:1.2.3.4"])
SERVERS = near(
    *("1.2.3.4", "10.0.0.255", "0.10.0.0", "1.2.3.256", "1.2.3.04", "1.2.3", "::ffff:1.2.3.4", "::FFFF:0.0.0.0", "::ffff:1.2.3.4%lo"),
    *("0:0:0:0:0:ffff:102:304", "::ffff:1.2.3.04", "::fffe:1.2.3.4", "::1.2.3.4", "::1", "ntp.org"),
    alphabet="0125.:%f ",
)
PORT_NAMES = near("http", "a-b", "a--b", "-a", "a-", "8080", "Http", "fifteen-letters", "sixteen1-letters", alphabet="-a0A.\n")
PROTOCOLS = st.sampled_from(["TCP", "UDP", "TCP", "UDP", "", "tcp", "SCTP", "TCP "])
NUMBERS = st.sampled_from([-1, 0, 1, 65535, 65536, 65537, 2**31, 2**70]) | st.integers(1, 65535)
STATES = mostly(st.sampled_from([None, "", "up", "down"]), "absent", "absent", "Absent", "Up", " ")

GOOD_PORTS = st.fixed_dictionaries({"port": st.integers(1, 65535)}, optional={"name": st.sampled_from(["", "http", "dns"])})
ODD_PORTS = st.one_of(
    st.builds(lambda port: {"port": port}, NUMBERS),
    st.builds(lambda protocol: {"port": 80, "protocol": protocol}, PROTOCOLS),
    st.builds(lambda name: {"port": 80, "name": name}, PORT_NAMES),
    some(port=NUMBERS, name=PORT_NAMES, protocol=PROTOCOLS),
)
PORTS = st.lists(GOOD_PORTS, max_size=3) | st.lists(ODD_PORTS, min_size=1, max_size=1) | st.lists(ODD_PORTS, max_size=2)


def port_range(start: int, end: int, protocol: str | None) -> Object:
    return {"start": start, "end": end, "protocol": protocol}


GOOD_PROTOCOLS = st.sampled_from(["TCP", "UDP", "TCP", "UDP", "TCP", "UDP", None, ""])
SMALL_RANGES = st.builds(
    lambda start, more, protocol: port_range(start, start + more, protocol), st.integers(1, 20), st.integers(0, 4), GOOD_PROTOCOLS
)
ODD_RANGES = st.one_of(
    st.builds(port_range, NUMBERS, st.integers(1, 65535), GOOD_PROTOCOLS),
    st.builds(port_range, st.integers(1, 65535), NUMBERS, GOOD_PROTOCOLS),
    st.builds(port_range, st.just(80), st.sampled_from([79, 80, 81]), PROTOCOLS),
    some(start=NUMBERS, end=NUMBERS, protocol=PROTOCOLS),
)
DISJOINT_RANGES = st.integers(0, 12).map(lambda count: [port_range(10 * k + 1, 10 * k + 10, "TCP") for k in range(count)])
PORT_RANGES = st.lists(SMALL_RANGES, max_size=3) | st.lists(ODD_RANGES, min_size=1, max_size=2) | DISJOINT_RANGES

OPTIONS = ({"option": each, "value": "x"} for each in (223, 224, 225, 254, 255, 0, -240))
PRIVATE_OPTIONS = st.lists(st.sampled_from([*OPTIONS, {"value": "x"}]), max_size=2)
DHCP_OPTIONS = st.one_of(
    st.fixed_dictionaries({"ntpServers": st.lists(SERVERS, min_size=1, max_size=2)}),
    some(ntpServers=st.lists(GOOD_SERVERS, max_size=2), privateOptions=PRIVATE_OPTIONS),
)

CLAIM_NAMES, REQUEST_NAMES = mostly(st.sampled_from(["x", "y"]), "", None, "z"), mostly(st.sampled_from(["a", "b"]), "", None)
CLAIM = st.fixed_dictionaries({"claimName": CLAIM_NAMES, "requestName": REQUEST_NAMES})
MULTUS = st.fixed_dictionaries({"networkName": mostly(st.just("blue"), "", None), "default": mostly(st.just(None), True, False)})
POD_SOURCE: st.SearchStrategy[Object] = st.just({"pod": {}})
MULTUS_SOURCE = st.fixed_dictionaries({"multus": MULTUS})
DEFAULT_SOURCE: st.SearchStrategy[Object] = st.just({"multus": {"networkName": "blue", "default": True}})
CLAIM_SOURCE = st.fixed_dictionaries({"resourceClaim": CLAIM})
ANY_SOURCES = st.fixed_dictionaries({}, optional={"pod": st.sampled_from([{}, None]), "multus": MULTUS, "resourceClaim": CLAIM})

CLUSTERS = st.builds(Cluster, *(mostly(st.just(True), False) for _ in Cluster._fields))


@st.composite
def interfaces(draw: st.DrawFn, name: str | None) -> Object:
    """An interface with a right or a wrong number of bindings, and now and then one of its other fields."""
    binding = draw(st.sampled_from(["masquerade", "masquerade", *BINDINGS]))
    chosen = draw(
        mostly(mostly(st.just([binding]), [binding, "bridge"], [binding, "binding"]), [], [binding, DEAD[0]], [DEAD[1]], [DEAD[2]])
    )
    odd = {
        "state": draw(rarely(STATES)),
        "model": draw(rarely(MODELS)),
        "macAddress": draw(rarely(MACS)),
        "pciAddress": draw(rarely(PCI_ADDRESSES)),
        "ports": draw(rarely(PORTS)),
        "portRanges": draw(rarely(PORT_RANGES)),
        "dhcpOptions": draw(rarely(DHCP_OPTIONS)),
    }
    unset = draw(st.sampled_from([{}, {}, dict.fromkeys((*BINDINGS, *DEAD))]))
    return {"name": name, **unset, **{field: {"name": "p"} if field == "binding" else {} for field in chosen}, **odd}


@st.composite
def specs(draw: st.DrawFn) -> Object:
    """A VMI spec; its networks are mostly one pod network beside Multus ones or DRA ones."""
    names = draw(st.lists(NAMES, max_size=3, unique=draw(mostly(st.just(True), False))))
    usual = draw(st.sampled_from([MULTUS_SOURCE, MULTUS_SOURCE, CLAIM_SOURCE]))
    primary = draw(st.sampled_from([POD_SOURCE, POD_SOURCE, DEFAULT_SOURCE, usual]))
    sources = [draw(mostly(mostly(usual, {"pod": {}}) if index else primary, None)) or draw(ANY_SOURCES) for index in range(len(names))]
    networks = draw(st.permutations([{"name": name, **source} for name, source in zip(names, sources, strict=True)]))
    users = draw(mostly(st.just(names), names[:1], [*names, "b"]))
    claims = [{"name": name, "resourceClaimName": "pool"} for name in draw(mostly(st.just(["x", "y"]), ["x"], []))]
    devices = draw(mostly(st.just({"interfaces": [draw(interfaces(name)) for name in users]}), None, {}, {"interfaces": None}))
    return {"domain": {"devices": devices}, "networks": draw(mostly(st.just(networks), None)), "resourceClaims": claims}


PLAIN_FIELDS = st.fixed_dictionaries({"model": MODELS, "macAddress": MACS, "pciAddress": PCI_ADDRESSES})
LISTS = st.fixed_dictionaries({"ports": PORTS}) | st.fixed_dictionaries({"dhcpOptions": DHCP_OPTIONS})
RANGES = st.fixed_dictionaries({"portRanges": PORT_RANGES}, optional={"ports": st.sampled_from([None, None, [], [{"port": 22}]])})
SOURCES: st.SearchStrategy[Object] = mostly(POD_SOURCE, {"multus": {"networkName": "blue"}})


@st.composite
def single_interfaces(draw: st.DrawFn) -> Object:
    """A VMI spec with one interface that is right but for its own fields, of which there are many."""
    name = draw(NAMES)
    binding = draw(mostly(st.just("masquerade"), "bridge"))
    interface = {"name": name, binding: {}, "state": draw(STATES), **draw(PLAIN_FIELDS | LISTS | RANGES | RANGES)}
    return {"domain": {"devices": {"interfaces": [interface]}}, "networks": [{"name": name, **draw(SOURCES)}]}
