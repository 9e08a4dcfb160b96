"""Rules and bindings explained as text: what `bindguard explain` and docs/rules.md show."""

from webhook.explain import bridge, masquerade, passt, plugin, sriov
from webhook.explain.binding import BindingGuide

GUIDES: tuple[BindingGuide, ...] = (
    masquerade.GUIDE,
    bridge.GUIDE,
    passt.GUIDE,
    sriov.GUIDE,
    plugin.GUIDE,
)


def guide_named(name: str) -> BindingGuide | None:
    """The guide of the binding that goes by this name, in any case; `None` when there is none."""
    folded = name.casefold()
    for guide in GUIDES:
        if folded in (known.casefold() for known in guide.names):
            return guide
    return None
