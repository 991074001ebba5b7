"""Looks at the columns by which sources are read in windows (docs/contracts.md, section 6).

    python -m beam_pipeline.asked.cursors --plan FILE [--profiles FILE] [--root DIR] [--roots JSON]

prints one JSON document, `{"sources": {"orders": {"column", "type", "max", "nulls"}}}` or
`{"failure": {…}}`, and exits with 0 or 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from beam_pipeline.asked.plan_question import answer
from beam_pipeline.attempt import plan
from beam_pipeline.attempt.plan import Plan
from beam_pipeline.errors import BeamlineError, ConfigError
from beam_pipeline.modules import registry
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.cursor_column import CursorColumn

_AT_ONCE = 16


def main(argv: Sequence[str] | None = None) -> int:
    """Looks at every incremental source of a plan.

    Returns:
        The exit code: 0, or 1 if a failure was printed.
    """
    return answer("beam_pipeline.asked.cursors", argv, _document)


def _document(arguments: argparse.Namespace) -> dict[str, Any]:
    found = describe(plan.read(arguments.plan).plan, arguments.profiles, arguments.root)
    return {"sources": {name: asdict(column) for name, column in found.items()}}


def describe(wanted: Plan, profiles: str | None, root: str | None) -> dict[str, CursorColumn]:
    """Describes the cursor column of every incremental source, by the source's name.

    Raises:
        BeamlineError: The config, the SQL, the type or the connection is at fault; it names the step.
    """
    indexes = [index for index, source in enumerate(wanted.sources) if source.incremental is not None]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        columns = list(pool.map(lambda index: _describe(wanted, index, profiles, root), indexes))
    return {wanted.sources[index].name: column for index, column in zip(indexes, columns, strict=True)}


def _describe(wanted: Plan, index: int, profiles: str | None, root: str | None) -> CursorColumn:
    source = wanted.sources[index]
    path = f"sources[{index}]"
    assert source.incremental is not None
    try:
        module = registry.find("source", source.module, f"{path}.module")
        if not module.is_incremental:
            raise ConfigError(f"{path}.incremental  module `{module.name}` cannot read a window of rows")
        params: Any = module.parse(source.parameters, f"{path}.parameters")
        context = StepContext(
            step=source.name,
            pipeline=wanted.name,
            plan_path=path,
            profiles=profiles,
            temp_dir="",
            in_process=True,
            workers=1,
            root=root,
        )
        return module.describe_cursor(params, source.incremental.column, context)
    except BeamlineError as error:
        error.step = source.name
        raise


if __name__ == "__main__":
    sys.exit(main())
