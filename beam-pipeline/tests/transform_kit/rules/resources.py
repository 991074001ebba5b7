"""Resources: memory that does not grow with the rows, and nothing left on disk."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from running import Child, plan_of
from transform_kit import much
from transform_kit.place import Member, Place
from transform_kit.rule import Case, Rules, places_where
from transform_kit.subject import STEP, Subject

rules = Rules()
rule = rules.rule

# In megabytes. What comes in between the two looks is ten times that.
_MOST_GROWTH = 80


@rule(
    "batch by batch: memory does not grow with the rows",
    "keeps every batch",
    places_where(lambda each: each.is_flat),
)
def _flat(subject: Subject, case: Place, folder: Path) -> None:
    asked = {
        "module": subject.name,
        "parameters": {**case.parameters, **subject.more},
        "timezone": case.timezone,
    }
    (folder / "rows.arrow").write_bytes(much.packed(case.inputs["rows"]))
    done = subprocess.run(
        [sys.executable, "-m", "transform_kit.much", json.dumps(asked), str(folder)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    growth = json.loads(done.stdout.splitlines()[-1])
    assert growth < _MOST_GROWTH, f"{case.title}: {growth} MB more"


def _cancelled(member: Member) -> Sequence[Case]:
    return [Case(title, parameters) for title, parameters in member.cancelled.items()]


@rule(
    "nothing is left on disk, by a run that ends or one that is cancelled",
    ("leaves a file behind", "leaves a file behind if it is cancelled"),
    _cancelled,
)
def _leaves_nothing(subject: Subject, case: Case, folder: Path) -> None:
    env = json.loads((folder / "env.json").read_text())
    for seconds in (0.0, 0.05):
        place = folder / f"{seconds}"
        (place / "tmp").mkdir(parents=True)
        parts = {
            "parts": 1,
            "rows": 100,
            "moments": True,
            "seconds": seconds,
            "batches": 1000 if seconds else 3,
        }
        step = {"module": subject.name, "inputs": ["rows"], **case.parameters, **subject.more}
        plan = plan_of({"rows": {"module": "counting", **parts}}, {STEP: step})
        child = Child(place)
        process = child.start(
            plan, None, f"--temp_dir={place / 'temp'}", env={**env, "TMPDIR": str(place / "tmp")}
        )
        if seconds:
            child.end_when(process, lambda steps: steps.get("rows", {"rows": 0})["rows"] > 500)
            assert child.code == 143, (child.events[-1], child.stderr[-2000:])
        else:
            assert child.finish(process) is not None, child.events[-1]
        left = _files(place / "tmp") + _files(place / "temp")
        if seconds:
            left += _files(place / "staging")
        assert not left, f"{case.title}: {left}"


def _files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder.parent)) for path in folder.rglob("*") if path.is_file()]
