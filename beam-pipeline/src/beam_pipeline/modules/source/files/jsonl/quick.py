"""Reads blocks of JSON Lines with Arrow's own reader, where it reads exactly what is written."""

from __future__ import annotations

from typing import Any

import numpy
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pajson

from beam_pipeline.modules.source.files.columns import digits
from beam_pipeline.modules.source.files.columns.column import Column

# Types that Arrow's reader converts exactly as the slow way does.
_QUICK = (pa.bool_(), pa.int64(), pa.float64(), pa.string())
# Arrow's reader is recursive; nothing that is read here is nested so deeply.
_DEEP = (b"[" * 32, b'":{' * 32)
# So many signs of a number in a row may be more digits than a double has.
_LONG = 16
_SIGNS = numpy.zeros(256, bool)
_SIGNS[list(b"0123456789.eE+-")] = True


def read(content: bytes, columns: list[Column], schema: Any) -> Any:
    """The rows; None where they hold anything unexpected, for the slow way to say what."""
    if any(column.type not in _QUICK for column in columns) or any(deep in content for deep in _DEEP):
        return None
    strict = any(column.type == pa.float64() and not column.declared for column in columns)
    if strict and not _keeps_digits(content):
        return None
    options = pajson.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer")
    reading = pajson.ReadOptions(use_threads=False, block_size=len(content) + 1)
    try:
        table = pajson.read_json(pa.BufferReader(content), reading, options)
        table.validate(full=True)
    except pa.ArrowException:
        return None
    if table.schema != schema or not table.num_rows:
        return None
    return table.combine_chunks().to_batches()[0]


def _keeps_digits(content: bytes) -> bool:
    """Whether each long run of digits is a number that a double keeps, or could not be one."""
    is_sign = _SIGNS[numpy.frombuffer(content, numpy.uint8)]
    if is_sign[0] or is_sign[-1]:
        return False
    edges = numpy.flatnonzero(is_sign[1:] != is_sign[:-1]) + 1
    starts, ends = edges[0::2], edges[1::2]
    long = ends - starts >= _LONG
    if not long.any():
        return True
    # The runs and what lies between them, as texts that need no copy; every second one is a run.
    bounds = numpy.empty(2 * int(long.sum()), numpy.int32)
    bounds[0::2], bounds[1::2] = starts[long], ends[long]
    texts = pa.StringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(content))
    runs = texts.take(pa.array(numpy.arange(0, len(bounds) - 1, 2)))
    try:
        numbers = runs.cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return not pc.any(pc.is_inf(numbers)).as_py() and digits.first_lossy(runs, numbers) is None
