"""Tells the columns of each step of a plan, and what is wrong with them (docs/contracts.md, section 7).

    python -m beam_pipeline.asked.columns --plan FILE [--profiles FILE] [--root DIR] [--roots JSON] [--alone]

prints one JSON document, `{"steps": {"orders": [{"name", "type", "nullable"}]}, "unreached": {}}` or
`{"failure": {…}}`, and exits with 0 or 1. No row is read. A step whose columns cannot be known is missing;
`unreached` says why a source could not be asked. With `--alone` there is also what one worker does alone,
`{"alone": {"orders": {"why", "instead", "memory_limit", "rows", "bytes"}}}`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from beam_pipeline.asked.plan_question import answer
from beam_pipeline.attempt import plan
from beam_pipeline.connect import secrets
from beam_pipeline.modules.at_once import AtOnce


def main(argv: Sequence[str] | None = None) -> int:
    """Asks the sources of a plan for their columns, and follows them through its transforms.

    Returns:
        The exit code: 0, or 1 if a failure was printed.
    """
    return answer(
        "beam_pipeline.asked.columns", argv, _document, alone="also tell what one worker does alone"
    )


def _document(arguments: argparse.Namespace) -> dict[str, Any]:
    pinned = plan.read(arguments.plan)
    # Importing Beam takes most of a second: a plan that cannot be read is told before.
    from beam_pipeline.attempt import graph
    from beam_pipeline.staging.staging import described

    unreached: dict[str, str] = {}
    alone: dict[str, Any] | None = {} if arguments.alone else None
    with (
        tempfile.TemporaryDirectory(prefix="beamline-", ignore_cleanup_errors=True) as folder,
        graph.new_pipeline() as pipeline,
    ):
        attempt = _attempt(arguments, pinned.sha256, folder)
        steps = graph.columns(pipeline, pinned.plan, attempt, unreached, alone)
    return {
        **({} if alone is None else {"alone": alone}),
        "steps": {name: described(schema) for name, schema in steps.items()},
        "unreached": {name: secrets.redact(reason) for name, reason in unreached.items()},
    }


def _attempt(arguments: argparse.Namespace, plan_sha256: str, folder: str) -> Any:
    from beam_pipeline.attempt import graph

    return graph.Attempt(
        run_key="columns",
        name="0",
        staging=folder,
        plan_sha256=plan_sha256,
        profiles=arguments.profiles,
        temp_dir=folder,
        in_process=True,
        workers=1,
        at_once=AtOnce(processes=1),
        root=arguments.root,
        windows=None,
    )


if __name__ == "__main__":
    sys.exit(main())
