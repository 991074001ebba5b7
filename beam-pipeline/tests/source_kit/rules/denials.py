"""What a source cannot do is refused, not left out in silence."""

from __future__ import annotations

import re
from typing import Any

import pytest

from beam_pipeline.errors import ConfigError
from source_kit.place import Capability
from source_kit.reading import Reading, window_of
from source_kit.rows import days, row

_ASKED: dict[Capability, dict[str, Any]] = {
    "partition": {"partition": {"column": "id", "parts": 2}},
    "password": {"profile": "kit"},
}


def refuses(reading: Reading, capability: Capability) -> None:
    """Asks a source for what it denies."""
    parameters = reading.place.table(days())
    says = reading.denies[capability]
    if capability == "windows":
        with pytest.raises(ConfigError, match=says):
            reading.describe(parameters, "day")
        window = window_of(days(), "day", None, row(5)["day"])
        failed = reading.fails(parameters, window)
    else:
        failed = reading.fails({**parameters, **_ASKED[capability]})
    assert failed.type == "ConfigError"
    assert re.search(says, failed.message)
