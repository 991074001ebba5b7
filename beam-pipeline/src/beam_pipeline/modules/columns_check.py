"""Finds out which columns each step returns before a row is read: a misspelt one fails at once.

A step's PTransform may have a method for that, which reads no rows: `schema(self)` of a source,
`schema(self, inputs)` of a transform, which gets the Arrow schemas of its inputs in the config's order. Both
return an Arrow schema, or None where it cannot be known. What follows a step without one is not checked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from beam_pipeline.errors import (
    AuthenticationError,
    BeamlineError,
    ConnectionLost,
    PermissionDenied,
    UnresolvedReference,
)

_AT_ONCE = 8
# What may be otherwise where the rows are read.
_OF_THE_PLACE = (ConnectionLost, AuthenticationError, PermissionDenied, UnresolvedReference)


def schemas(
    sources: Mapping[str, Any],
    transforms: Sequence[tuple[str, Sequence[str], Any]],
    *,
    all_sources: bool = False,
    unreached: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The columns of each step, as far as they can be known.

    Args:
        sources: The PTransform of each source, by name.
        transforms: Name, inputs and PTransform of each transform, each behind its inputs.
        all_sources: Asks also the sources that no transform needs to know.
        unreached: Where this process may lack the way or the right to a source that its readers have: gets
            the reason by the name of such a source, whose columns stay unknown.

    Returns:
        Arrow schemas by the name of the step; a step whose columns are not known is missing.

    Raises:
        BeamlineError: What reading would meet, too; its `step` is set.
    """
    wanted = set(sources) if all_sources else _asked(transforms)
    asked = [name for name in sources if name in wanted and hasattr(sources[name], "schema")]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        told = list(pool.map(lambda name: _of_source(name, sources[name], unreached), asked))
    found = {name: schema for name, schema in zip(asked, told, strict=True) if schema is not None}
    for name, inputs, transform in transforms:
        if not hasattr(transform, "schema") or any(each not in found for each in inputs):
            continue
        with of_step(name):
            schema = transform.schema(tuple(found[each] for each in inputs))
        if schema is not None:
            found[name] = schema
    return found


@contextlib.contextmanager
def of_step(step: str) -> Iterator[None]:
    """Says of which step a failure is."""
    try:
        yield
    except BeamlineError as error:
        error.step = step
        raise


def _asked(transforms: Sequence[tuple[str, Sequence[str], Any]]) -> set[str]:
    """The steps that a transform which can be checked reads, through whatever lies between."""
    asked: set[str] = set()
    for name, inputs, transform in reversed(transforms):
        if hasattr(transform, "schema") or name in asked:
            asked.update(inputs)
    return asked


def _of_source(name: str, source: Any, unreached: dict[str, str] | None) -> Any:
    try:
        with of_step(name):
            return source.schema()
    except _OF_THE_PLACE as error:
        if unreached is None:
            raise
        unreached[name] = error.message
        return None
