import json
import re
import tomllib
from pathlib import Path

from provision.node_runtime import MAIN, MINIMUM_NODE, NodePackage
from provision.paths import ROOT

PYTHON_PROJECTS = ["beam-pipeline", *(f"emulators/{path.name}" for path in (ROOT / "emulators").glob("*/"))]


def test_every_package_and_image_has_the_same_version() -> None:
    version = json.loads((ROOT / "package.json").read_text())["version"]
    lock = json.loads((ROOT / "package-lock.json").read_text())
    found = {"package-lock.json": lock["version"]}
    for project in PYTHON_PROJECTS:
        path = Path(project, "pyproject.toml")
        if (ROOT / path).is_file():
            found[str(path)] = tomllib.loads((ROOT / path).read_text())["project"]["version"]
    compose = (ROOT / "docker-compose.yml").read_text()
    found |= {
        f"image {number}": tag for number, tag in enumerate(re.findall(r"image: beamline:(\S+)", compose))
    }
    for page in (ROOT / "docs").glob("*.md"):
        for text, tag in re.findall(r"\b(beamline(?:-client)?[-:](\d+\.\d+\.\d+))", page.read_text()):
            found[f"{page.name}: {text}"] = tag
    assert len(found) >= 7
    assert {name: other for name, other in found.items() if other != version} == {}


def test_node_is_the_same_everywhere() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    least = ".".join(map(str, MINIMUM_NODE))
    assert package["engines"]["node"] == f">={least}"
    refusal = (ROOT / "src" / "process" / "supported-node.ts").read_text()
    assert f"const minimum = [{least.replace('.', ', ')}] as const" in refusal
    image = re.search(r"^FROM node:(\S+?)-", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert image is not None
    assert image[1] == NodePackage(*package["beamline"]["node"][MAIN]["linux-x86_64"]).version
    assert package["devDependencies"]["@types/node"].startswith(f"{MAIN}.")
