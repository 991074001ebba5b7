"""The `joining` transform."""

from typing import Any

import apache_beam as beam


class Join(beam.PTransform):
    """Flattens its inputs."""

    def __init__(self, params: Any, context: Any) -> None:
        super().__init__()

    def expand(self, inputs: tuple[Any, ...]) -> Any:
        """Returns a PCollection of record batches."""
        return inputs | beam.Flatten()
