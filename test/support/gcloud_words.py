"""Prints what gcloud does not know of the command lines on standard input, a JSON list of lists of words.

Usage: gcloud_words.py GCLOUD; what it knows is the tree that its own completion uses. Prints null where
that is not installed.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

KNOWN = Path(sys.argv[1]).resolve().parents[1] / "data" / "cli"


def unknown(words: list[str], node: dict[str, Any]) -> list[str]:
    """Groups, commands and flags that there are not."""
    flags = set(node["flags"])
    for word in words:
        if word.startswith("-") or not node["commands"]:
            break
        if word not in node["commands"]:
            return [word]
        node = node["commands"][word]
        flags |= set(node["flags"])
    if node["commands"]:
        return ["command"]
    return [word for word in words if word.startswith("--") and word.split("=")[0] not in flags]


if not (KNOWN / "gcloud_completions.py").exists():
    print("null")
    sys.exit()
sys.path.insert(0, str(KNOWN))
sys.dont_write_bytecode = True
tree = importlib.import_module("gcloud_completions").STATIC_COMPLETION_CLI_TREE
found = [(words, unknown(words[1:], tree)) for words in json.load(sys.stdin)]
print(json.dumps([f"{' '.join(words)}: no {', '.join(lacks)}" for words, lacks in found if lacks]))
