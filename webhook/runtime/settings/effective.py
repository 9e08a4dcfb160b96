"""The settings that count, with where each was written."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from webhook.runtime.settings.model import ServeSettings
from webhook.runtime.settings.names import SettingName

Layer = Mapping[str, SettingName]
"""What one place says, by setting."""


class EffectiveSetting(NamedTuple):
    """The settings that count, and the layers that they were made of, highest first."""

    settings: ServeSettings
    layers: Sequence[Layer]

    def origin(self, setting: str) -> str:
        """Where the value was written, or `default`."""
        return next((layer[setting].place for layer in self.layers if setting in layer), "default")
