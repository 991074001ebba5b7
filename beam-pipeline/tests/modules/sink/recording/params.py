"""Parameters of `recording`."""

from typing import ClassVar

from pydantic import Field

from beam_pipeline.modules.params import Capabilities, ModuleParams


class RecordingParams(ModuleParams):
    """Writes each row to a file of its own, named by its id, while the job runs."""

    capabilities: ClassVar[Capabilities] = Capabilities(inputs=1, idempotence="idempotent by id")

    folder: str = Field(description="Where the files come: a path, or `gs://BUCKET/FOLDER`.")
    id: str = Field("id", description="The column that names a row.")
    seconds: float = Field(0, description="Time to wait before each batch.")
    hides: int = Field(0, description="Of each batch, so many rows are not told.")
