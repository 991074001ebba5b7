"""Tells the columns of each step of a plan, and what is wrong with them (docs/contracts.md, section 7).

    python -m beam_pipeline.columns --plan FILE [--profiles FILE] [--root DIR]

prints one JSON document, `{"steps": {"orders": [{"name", "type", "nullable"}]}, "unreached": {}}` or
`{"failure": {…}}`, and exits with 0 or 1. No row is read. A step whose columns cannot be known is missing;
`unreached` says why a source could not be asked.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from beam_pipeline import failure, plan, secrets


def main(argv: Sequence[str] | None = None) -> int:
    """Asks the sources of a plan for their columns, and follows them through its transforms.

    Returns:
        The exit code: 0, or 1 if a failure was printed.
    """
    parser = argparse.ArgumentParser(prog="python -m beam_pipeline.columns", allow_abbrev=False)
    parser.add_argument("--plan", required=True, help="path of the plan")
    parser.add_argument("--profiles", help="path of the connection profiles")
    parser.add_argument("--root", help="folder to which relative paths are relative")
    arguments = parser.parse_args(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="beamline-", ignore_cleanup_errors=True) as folder:
            document = _document(arguments, folder)
    except Exception as error:
        print(json.dumps({"failure": failure.describe(error)}))
        return 1
    print(json.dumps(document))
    return 0


def described(schema: Any) -> list[dict[str, Any]]:
    """The fields of an Arrow schema, as a manifest has them."""
    return [{"name": field.name, "type": str(field.type), "nullable": field.nullable} for field in schema]


def _document(arguments: argparse.Namespace, folder: str) -> dict[str, Any]:
    pinned = plan.read(arguments.plan)
    # Importing Beam takes most of a second: a plan that cannot be read is told before.
    from beam_pipeline import graph

    attempt = graph.Attempt(
        run_key="columns",
        name="0",
        staging=folder,
        plan_sha256=pinned.sha256,
        profiles=arguments.profiles or None,
        temp_dir=folder,
        in_process=True,
        workers=1,
        root=arguments.root or None,
        windows=None,
    )
    unreached: dict[str, str] = {}
    with graph.new_pipeline() as pipeline:
        steps = graph.columns(pipeline, pinned.plan, attempt, unreached)
    return {
        "steps": {name: described(schema) for name, schema in steps.items()},
        "unreached": {name: secrets.redact(reason) for name, reason in unreached.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
