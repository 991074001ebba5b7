"""Parameters of `joining`."""

from typing import ClassVar

from beam_pipeline.modules.params import Capabilities, ModuleParams


class JoiningParams(ModuleParams):
    """Emits the batches of all its inputs."""

    capabilities: ClassVar[Capabilities] = Capabilities(inputs=None, row_wise=True)
