"""Parameters of the `leaking` source."""

from __future__ import annotations

from typing import ClassVar

from beam_pipeline.connect.connections import DatabaseParams
from beam_pipeline.modules.params import Capabilities


class LeakingParams(DatabaseParams):
    """Tells its password to everybody."""

    capabilities: ClassVar[Capabilities] = Capabilities(inputs=0)
