"""Prints the module catalogue (docs/contracts.md, section 1)."""

from __future__ import annotations

import inspect
import json
import sys
from dataclasses import asdict
from typing import Any

from beam_pipeline.modules import registry


def catalogue() -> dict[str, Any]:
    """Describes every module, by kind and name."""
    return {
        "version": 1,
        "modules": [_entry(module) for kind in registry.KINDS for module in registry.discover(kind)],
    }


def _entry(module: registry.Module) -> dict[str, Any]:
    params = module.params_type
    capabilities = {"incremental": module.is_incremental, **asdict(params.capabilities)}
    # Only a sink has it, and must.
    del capabilities["idempotence"]
    if module.kind == "sink":
        capabilities["idempotence"] = module.idempotence
    return {
        "kind": module.kind,
        "name": module.name,
        "summary": inspect.cleandoc(params.__doc__ or "").split("\n", 1)[0],
        "capabilities": capabilities,
        "sql_parameters": list(params.sql_parameters),
        "path_parameters": list(params.path_parameters),
        "schema": params.model_json_schema(),
    }


if __name__ == "__main__":
    json.dump(catalogue(), sys.stdout, indent=2)
    sys.stdout.write("\n")
