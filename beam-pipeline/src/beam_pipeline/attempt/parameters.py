"""The parameters of one attempt: flags of `beam_pipeline.main`, and parameters of the Flex Template."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass

_URI = r"gs://.+"
_JSON = r"\{.*\}"
# Of the launch option too: src/config/envelope/launch-fields.ts.
IMAGE = (
    r"([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?"
)


@dataclass(frozen=True)
class Parameter:
    """One of them.

    Attributes:
        regex: What the value of a template's parameter must match as a whole; a local run takes paths, too.
        of_beam: It is an option of Beam's, and Beam reads it.
    """

    name: str
    label: str
    help: str
    regex: str
    optional: bool = False
    of_beam: bool = False


PARAMETERS: tuple[Parameter, ...] = (
    Parameter("plan", "Plan", "URI of the plan, pinned by its content.", _URI),
    Parameter("staging", "Staging prefix", "URI of the prefix that this attempt alone writes to.", _URI),
    Parameter("run_key", "Run key", "Key of the run; the manifest repeats it.", r"[a-z2-7]{10}"),
    Parameter("attempt", "Attempt", "Name of the attempt: the ordinal of the launch.", r"[1-9][0-9]*"),
    Parameter("profiles", "Profiles", "URI of the connection profiles, if a source needs one.", _URI, True),
    Parameter("root", "Root", "URI to which relative paths of `files` sources are relative.", _URI, True),
    Parameter(
        "closed", "Receipt", "URI of an object: if it exists, the run has ended, and is not run.", _URI, True
    ),
    Parameter("windows", "Windows", "JSON object of the windows that incremental sources read.", _JSON, True),
    Parameter(
        "sdk_container_image",
        "Workers' image",
        "Container image of the workers; without it, that of the template.",
        IMAGE,
        optional=True,
        of_beam=True,
    ),
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Adds those that are not Beam's as flags: an empty value is as good as none."""
    for parameter in (each for each in PARAMETERS if not each.of_beam):
        parser.add_argument(
            f"--{parameter.name}",
            required=not parameter.optional,
            type=_or_none if parameter.optional else str,
            help=parameter.help,
        )


def is_valid(parameter: Parameter, value: str) -> bool:
    """Whether the template would take the value."""
    return re.fullmatch(parameter.regex, value) is not None


def is_image(name: str) -> bool:
    """Whether a text is the name of a container image."""
    return re.fullmatch(IMAGE, name) is not None


def _or_none(value: str) -> str | None:
    return value or None
