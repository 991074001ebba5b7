"""A source that logs and raises its password, as a library that it uses might."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from beam_pipeline.modules.source.leaking.params import LeakingParams

from beam_pipeline.connect.connections import ConnectionReference
from beam_pipeline.modules.context import StepContext


class ReadLeaking(beam.PTransform):
    """Fails."""

    def __init__(self, params: LeakingParams, context: StepContext) -> None:
        super().__init__()
        self._reference = params.connection(context)

    def expand(self, pbegin: Any) -> Any:
        """Returns nothing, ever."""
        return pbegin | beam.Impulse() | beam.ParDo(_Leak(self._reference))


class _Leak(beam.DoFn):
    def __init__(self, reference: ConnectionReference) -> None:
        self._reference = reference

    def process(self, _: bytes) -> Iterator[Any]:
        password = self._reference.resolve().password
        logging.getLogger("leak").error("logged %s", password)
        yield from ()
        raise RuntimeError(f"the password is {password}")
