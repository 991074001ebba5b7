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


def test_python_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "beam-pipeline" / "pyproject.toml").read_text())
    supported = [each.rpartition(" ")[2] for each in project["project"]["classifiers"]]
    assert project["project"]["requires-python"] == f">={supported[0]}"
    oldest = supported[0].replace(".", "")
    for path in [*ROOT.glob("*/pyproject.toml"), *ROOT.glob("emulators/*/pyproject.toml")]:
        tools = tomllib.loads(path.read_text())["tool"]
        assert tools.get("mypy", {}).get("python_version", supported[0]) == supported[0], path
        assert tools.get("ruff", {}).get("target-version", f"py{oldest}") == f"py{oldest}", path
    tried = (ROOT / "test" / "package" / "platforms.test.ts").read_text()
    assert f"of {supported!r}" in tried
    for page in ("README.md", "CONTRIBUTING.md"):
        assert f"Python {', '.join(supported[:-1])} or {supported[-1]}" in (ROOT / page).read_text(), page
