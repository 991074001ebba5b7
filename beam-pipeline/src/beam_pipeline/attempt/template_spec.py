"""Writes what registers the Flex Template: its metadata and its container spec (docs/container.md).

The container spec has the form that `gcloud dataflow flex-template build` writes:
https://cloud.google.com/dataflow/docs/reference/rest/v1b3/ContainerSpec
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from beam_pipeline.attempt.parameters import PARAMETERS, is_image

METADATA = Path(__file__).resolve().parents[3] / "template" / "metadata.json"


def metadata() -> dict[str, Any]:
    """The template's metadata: https://cloud.google.com/dataflow/docs/reference/rest/v1b3/TemplateMetadata."""
    return {
        "name": "Beamline",
        "description": "Runs one attempt of a Beamline plan and stages its rows as Parquet.",
        "parameters": [
            {
                "name": parameter.name,
                "label": parameter.label,
                "helpText": parameter.help,
                "isOptional": parameter.optional,
                "regexes": [f"^{parameter.regex}$"],
            }
            for parameter in PARAMETERS
        ],
    }


def container_spec(image: str, sdk_image: str) -> dict[str, Any]:
    """The container spec.

    Args:
        image: The launcher's image.
        sdk_image: The workers' image; a launch may name another.
    """
    return {
        "image": image,
        "metadata": metadata(),
        "sdkInfo": {"language": "PYTHON"},
        "defaultEnvironment": {"sdkContainerImage": sdk_image},
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a container spec, or writes or checks the metadata file.

    Returns:
        The exit code: 0, or 1 where the file is not what it would be generated as.
    """
    parser = argparse.ArgumentParser(
        prog="python -m beam_pipeline.attempt.template_spec",
        description="Prints the container spec of the Flex Template.",
        allow_abbrev=False,
    )
    parser.add_argument("--image", help="the launcher's image, with its registry")
    parser.add_argument(
        "--sdk-image", help="the workers' image; by default the launcher's, which serves as both"
    )
    parser.add_argument("--write", action="store_true", help="writes template/metadata.json instead")
    parser.add_argument(
        "--check", action="store_true", help="checks that template/metadata.json is up to date"
    )
    arguments = parser.parse_args(argv)
    if arguments.write or arguments.check:
        text = json.dumps(metadata(), indent=2) + "\n"
        if arguments.write:
            METADATA.parent.mkdir(exist_ok=True)
            METADATA.write_text(text)
        elif not METADATA.exists() or METADATA.read_text() != text:
            sys.stderr.write(
                f"{METADATA} is out of date; run `python -m beam_pipeline.attempt.template_spec --write`\n"
            )
            return 1
        return 0
    if arguments.image is None:
        parser.error("--image is wanted")
    for flag, name in {"--image": arguments.image, "--sdk-image": arguments.sdk_image}.items():
        if name is not None and not is_image(name):
            parser.error(
                f"{flag} must be the name of a container image, such as `registry/worker:1`, got `{name}`"
            )
    spec = container_spec(arguments.image, arguments.sdk_image or arguments.image)
    sys.stdout.write(json.dumps(spec, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
