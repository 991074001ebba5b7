"""All rules, and the table of what they were run for: docs/reference/kit-transforms.md.

    python -m transform_kit.catalogue

prints that page.
"""

from __future__ import annotations

from collections.abc import Sequence

import kit_page
from beam_pipeline.modules import registry
from kit_page import row
from transform_kit.place import Member
from transform_kit.rule import Rule
from transform_kit.rules import columns, denials, resources, rows
from transform_kit.tables import TYPES

RULES: dict[str, Sequence[Rule]] = {
    "rows": rows.rules.all,
    "columns": columns.rules.all,
    "refusals": denials.rules.all,
    "resources": resources.rules.all,
}


def member_of(name: str) -> Member:
    """What a new transform needs beside its folder: places for the kit."""
    member: Member = kit_page.member_of("transform", name)
    assert member.places and member.denials, (
        f"the transform `{name}` gives the kit no place, or denies nothing"
    )
    return member


def page() -> str:
    """Which rule is run for which transform."""
    members = {module.name: member_of(module.name) for module in registry.discover("transform")}
    lines, head = kit_page.head(
        "transform",
        members,
        "What every transform must do ([kits.md](../kits.md)), and for which it runs: `ran` in each",
        "`make test`, with real rows; `refused`: it is denied, and who asks for it is told so.",
    )
    for topic, found in RULES.items():
        lines += ["", f"## {topic}", "", *head]
        lines += [
            row(rule.name, ["ran" if rule.cases(member) else "not applicable" for member in members.values()])
            for rule in found
        ]
    lines += ["", "## types", "", "What passes through unchanged.", "", *head]
    lines += [
        row(f"`{kind}`", ["refused" if kind in member.refuses else "ran" for member in members.values()])
        for kind in TYPES
    ]
    lines += ["", "## what is denied", "", "Each is refused by an error that names the step and the place."]
    for name, member in members.items():
        lines += ["", f"`{name}`:", "", *(f"- {denial.title}" for denial in member.denials)]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(page(), end="")
