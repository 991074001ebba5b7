"""The images and the template's spec, as far as that is possible without a container engine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from beam_pipeline.attempt import template_spec
from beam_pipeline.attempt.parameters import PARAMETERS, is_valid
from beam_pipeline.main import _parser

FOLDER = Path(__file__).resolve().parents[1]
DOCKERFILES = ["Dockerfile.worker", "Dockerfile.flex-template"]


def instructions(name: str) -> list[tuple[str, str]]:
    text = (FOLDER / name).read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def copied(name: str) -> list[str]:
    """The sources of a Dockerfile's COPY instructions that are in the build context."""
    found = [text.split() for kind, text in instructions(name) if kind == "COPY"]
    return [source for words in found if not words[0].startswith("--from") for source in words[:-1]]


def locked(name: str) -> dict[str, str]:
    """The versions in a lock file, each of which has a hash behind it."""
    text = (FOLDER / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all("--hash=sha256:" in line for line in lines)
    return dict(line.split()[0].split("==") for line in lines)


@pytest.mark.parametrize("name", DOCKERFILES)
def test_hadolint_has_nothing_to_say(name: str) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    told = subprocess.run([hadolint, FOLDER / name], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "")


@pytest.mark.parametrize("name", DOCKERFILES)
def test_what_is_copied_exists_and_is_in_the_build_context(name: str) -> None:
    rules = (FOLDER / ".dockerignore").read_text().split()
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    for source in copied(name):
        assert (FOLDER / source).exists(), source
        assert source in allowed, f"{source} is left out by .dockerignore"


def test_no_module_is_left_out_of_the_build_context() -> None:
    rules = (FOLDER / ".dockerignore").read_text().split()
    left_out = [rule.removeprefix("**/") for rule in rules if rule.startswith("**/")]
    for path in (FOLDER / "src").rglob("*.py"):
        is_test = path.name.startswith("test_")
        assert any(fnmatch(path.name, rule) for rule in left_out) == is_test, path


def test_the_base_image_is_the_beam_that_is_pinned() -> None:
    pinned = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    (beam,) = [each for each in pinned["dependencies"] if each.startswith("apache-beam")]
    version = beam.split("==")[1]
    assert "[gcp]" in beam
    image = dict(instructions("Dockerfile.worker"))["FROM"].split("@")[0]
    assert image == f"apache/beam_python3.11_sdk:{version}"
    assert locked("requirements.lock")["apache-beam"] == version
    assert pinned["requires-python"] == ">=3.11"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_has_what_the_package_pins(lock: str) -> None:
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    pinned = list(project["dependencies"])
    if lock == "requirements-dev.lock":
        pinned += project["optional-dependencies"]["dev"]
    for dependency in pinned:
        name, version = re.sub(r"\[.*\]", "", dependency).lower().split("==")
        assert locked(lock)[name] == version, "run scripts/lock-python"


@pytest.mark.parametrize("name", ["Dockerfile.worker", "../Dockerfile"])
def test_an_image_installs_no_package_whose_hash_it_does_not_know(name: str) -> None:
    runs = [part.strip() for kind, text in instructions(name) if kind == "RUN" for part in text.split("&&")]
    installs = [part for part in runs if re.search(r"pip install", part)]
    assert len(installs) == 2
    for install in installs:
        assert "--no-deps" in install
        own = install.endswith(" .") and "--no-build-isolation" in install
        assert own or "--require-hashes" in install


def test_the_entry_point_is_the_file_that_is_copied_and_it_starts() -> None:
    (entry,) = [text for kind, text in instructions("Dockerfile.flex-template") if kind == "ENV"]
    path = entry.split("=")[1]
    copies = [text.split() for kind, text in instructions("Dockerfile.flex-template") if kind == "COPY"]
    (source,) = [words[0] for words in copies if words[-1] == path]
    told = subprocess.run(
        [sys.executable, FOLDER / source, "--help"], capture_output=True, text=True, check=True
    )
    for parameter in PARAMETERS:
        assert parameter.of_beam or f"--{parameter.name}" in told.stdout


def test_the_metadata_file_is_what_is_generated() -> None:
    assert template_spec.main(["--check"]) == 0
    parameters = json.loads(template_spec.METADATA.read_text())["parameters"]
    assert [each["name"] for each in parameters if not each["isOptional"]] == [
        "plan",
        "staging",
        "run_key",
        "attempt",
    ]
    for each in parameters:
        assert set(each) == {"name", "label", "helpText", "isOptional", "regexes"}
        assert 0 < len(each["helpText"]) <= 200
        re.compile(each["regexes"][0])


def test_every_parameter_of_the_template_is_a_flag_of_ours_or_of_beams() -> None:
    for parameter in PARAMETERS:
        options = PipelineOptions([f"--{parameter.name}=x"]).get_all_options(drop_default=True)
        flags = {action.dest for action in _parser()._actions}
        assert (parameter.name in options, parameter.name in flags) == (
            parameter.of_beam,
            not parameter.of_beam,
        )


def test_the_page_lists_every_parameter() -> None:
    page = re.sub(" {2,}", " ", (FOLDER.parent / "docs" / "container.md").read_text())
    rows = [f"| `{parameter.name}` | {'yes' if parameter.optional else ''} | " for parameter in PARAMETERS]
    assert [row for row in rows if row.replace("|  |", "| |") not in page] == []


IMAGES = json.loads((FOLDER.parent / "test" / "corpus" / "image-names.json").read_text())


@pytest.mark.parametrize(
    ("name", "valid"), [(name, kind == "valid") for kind in IMAGES for name in IMAGES[kind]]
)
def test_names_of_images(name: str, valid: bool) -> None:
    """The same names as in the tests of the launch options."""
    (parameter,) = [each for each in PARAMETERS if each.name == "sdk_container_image"]
    assert is_valid(parameter, name) is valid


@pytest.mark.parametrize("flag", ["--image", "--sdk-image"])
def test_a_spec_names_nothing_but_images(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        template_spec.main(["--image", "r/launcher:1", flag, "gs://bucket/worker:1"])
    assert f"{flag} must be the name of a container image" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("plan", "gs://b/plans/x.json", True),
        ("plan", "plans/x.json", False),
        ("run_key", "q4kx7mw2ta", True),
        ("run_key", "Q4KX7MW2TA", False),
        ("attempt", "1", True),
        ("attempt", "0", False),
    ],
)
def test_the_templates_rules(name: str, value: str, valid: bool) -> None:
    (parameter,) = [each for each in PARAMETERS if each.name == name]
    assert is_valid(parameter, value) is valid


def test_the_container_spec_names_both_images(capsys: pytest.CaptureFixture[str]) -> None:
    assert template_spec.main(["--image", "r/launcher:1", "--sdk-image", "r/worker:1"]) == 0
    spec: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert spec == {
        "image": "r/launcher:1",
        "metadata": template_spec.metadata(),
        "sdkInfo": {"language": "PYTHON"},
        "defaultEnvironment": {"sdkContainerImage": "r/worker:1"},
    }
    assert template_spec.main(["--image", "r/both:1"]) == 0
    assert json.loads(capsys.readouterr().out)["defaultEnvironment"] == {"sdkContainerImage": "r/both:1"}


def test_a_changed_metadata_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_spec, "METADATA", tmp_path / "template" / "metadata.json")
    assert template_spec.main(["--check"]) == 1
    assert template_spec.main(["--write"]) == 0
    assert template_spec.main(["--check"]) == 0
