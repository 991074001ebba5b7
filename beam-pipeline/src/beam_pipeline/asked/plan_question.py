"""The command line of what is asked about a plan without running it: one JSON document is the answer."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any

from beam_pipeline.attempt import failure
from beam_pipeline.storage import roots
from beam_pipeline.telling.parent import add_exit_with_parent, end_with_parent


def answer(
    module: str,
    argv: Sequence[str] | None,
    ask: Callable[[argparse.Namespace], dict[str, Any]],
    **switches: str,
) -> int:
    """Reads `--plan FILE [--profiles FILE] [--root DIR] [--roots JSON]`, asks, and prints the answer.

    Args:
        module: Name of the program.
        argv: Its arguments; None for the process's own.
        ask: Gets them, an empty text as None.
        switches: Further ones, each with its help.

    Returns:
        The exit code: 0, or 1 if `{"failure": {…}}` was printed.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", allow_abbrev=False)
    parser.add_argument("--plan", required=True, help="path of the plan")
    parser.add_argument("--profiles", type=_given, help="path of the connection profiles")
    parser.add_argument("--root", type=_given, help="folder to which relative paths are relative")
    parser.add_argument("--roots", help="JSON list of the folders that a config's files may lie in")
    add_exit_with_parent(parser)
    for name, help_text in switches.items():
        parser.add_argument(f"--{name}", action="store_true", help=help_text)
    arguments = parser.parse_args(argv)
    if arguments.exit_with_parent:
        end_with_parent()
    try:
        roots.allow(arguments.roots)
        document = ask(arguments)
    except Exception as error:
        print(json.dumps({"failure": failure.describe(error)}))
        return 1
    print(json.dumps(document))
    return 0


def _given(text: str) -> str | None:
    return text or None
