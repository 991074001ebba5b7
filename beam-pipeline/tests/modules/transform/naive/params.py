"""Parameters of `naive`."""

from typing import ClassVar

from pydantic import Field

from beam_pipeline.modules.params import Capabilities, ModuleParams


class NaiveParams(ModuleParams):
    """Passes on its rows, and adds what is asked for: right, or wrong in one way."""

    capabilities: ClassVar[Capabilities] = Capabilities(inputs=1, row_wise=True)

    filter: bool = Field(False, description="Leaves out the rows of odd numbers.")
    forbid: str | None = Field(None, description="A column that the input must not have.")
    fault: str = Field("", description="How it is wrong.")

    @property
    def row_wise(self) -> bool:
        """Not where it leaves rows out."""
        return not self.filter or self.fault == "says that it is row-wise"
