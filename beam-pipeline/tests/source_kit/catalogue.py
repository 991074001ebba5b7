"""All rules, and the table of what they were run for: docs/reference/kit-sources.md.

    python -m source_kit.catalogue

prints that page.
"""

from __future__ import annotations

from collections.abc import Sequence

import kit_page
from beam_pipeline.modules import registry
from kit_page import row
from source_kit.place import CAPABILITIES, Member
from source_kit.rule import Rule
from source_kit.rules import memory, split, trouble, values, windows

RULES: dict[str, Sequence[Rule]] = {
    "values": values.rules.all,
    "windows": windows.rules.all,
    "parts": split.rules.all,
    "trouble": trouble.rules.all,
    "memory": memory.rules.all,
}


def member_of(name: str) -> Member:
    """What a new source needs beside its folder: places for the kit."""
    member: Member = kit_page.member_of("source", name)
    return member


def page() -> str:
    """Which rule is run for which source."""
    members = {module.name: member_of(module.name) for module in registry.discover("source")}
    top, head = kit_page.head(
        "source",
        members,
        "What every source must do ([kits.md](../kits.md)), and for which it runs: `ran` in each `make",
        "test`, against the real thing; `refused`: it is denied, and a config that asks for it is refused.",
    )
    lines = [*top, "", "## choices", "", *head]
    for capability in CAPABILITIES:
        cells = ["refused" if capability in member.denies else "taken" for member in members.values()]
        lines.append(row(f"`{capability}`", cells))
    for topic, rules in RULES.items():
        lines += ["", f"## {topic}", "", *head]
        for rule in rules:
            cells = [
                "ran" if rule.applies(member.denies) else "not applicable" for member in members.values()
            ]
            lines.append(row(rule.name, cells))
    lines += ["", "## read by other tests", "", "Documented types that no server of the tests has.", ""]
    lines += [
        f"- `{name}`: `{kind}`, {why}"
        for name, member in members.items()
        for kind, why in member.elsewhere.items()
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(page(), end="")
