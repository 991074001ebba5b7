"""The naive source as the registry would have it."""

from __future__ import annotations

import importlib
from types import ModuleType

from beam_pipeline.modules import registry
from beam_pipeline.modules.registry import Kind, Module

_find = registry.find


class NaiveModule(Module):
    """Is found beside the tests."""

    @property
    def is_incremental(self) -> bool:
        """It is."""
        return True

    def _load(self, file: str) -> ModuleType:
        return importlib.import_module(f"source_kit.naive.{file}")


def find(kind: Kind, name: str, where: str) -> Module:
    """Finds it, and every other module."""
    return NaiveModule(kind, name) if name == "naive" else _find(kind, name, where)
