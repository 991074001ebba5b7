"""Parameters of `counting`."""

from typing import ClassVar

from pydantic import Field

from beam_pipeline.modules.params import Capabilities, ModuleParams


class CountingParams(ModuleParams):
    """Emits numbers, in parts, and fails where it is told to."""

    capabilities: ClassVar[Capabilities] = Capabilities(inputs=0)

    parts: int = Field(2, description="Ranges.")
    batches: int = Field(3, description="Batches of each range.")
    rows: int = Field(1000, description="Rows of each batch.")
    seconds: float = Field(0, description="Time to wait before each batch.")
    moments: bool = Field(False, description="Adds a local time to each number.")
    nothing: bool = Field(False, description="Emits no batch at all.")
    mixed: bool = Field(False, description="Every other part has another type.")
    noisy: bool = Field(False, description="Prints to standard output.")
    crash: str | None = Field(None, description="File that counts down how often the last batch fails.")
    message: str = Field("on purpose", description="What the failure says.")
