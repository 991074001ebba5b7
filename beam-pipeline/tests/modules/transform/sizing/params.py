"""Parameters of `sizing`."""

from typing import ClassVar

from beam_pipeline.modules.params import Capabilities, ModuleParams


class SizingParams(ModuleParams):
    """Emits one row for each batch: its rows and bytes."""

    capabilities: ClassVar[Capabilities] = Capabilities(inputs=1)
