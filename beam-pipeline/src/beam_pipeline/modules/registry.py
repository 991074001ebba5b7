"""Finds the modules: a folder is a module, and its name is the `module` in a config.

A source is a folder `modules/source/<name>/`, a transform a folder `modules/transform/<name>/`, a sink that
writes inside the job, where no destination can publish what is staged, a folder `modules/sink/<name>/`:

- `params.py` holds one subclass of `ModuleParams` (beam_pipeline/modules/params.py) with the class variables
  `capabilities` and, if it has any, `sql_parameters`. Its docstring's first line is the summary that
  users see; every field has a description. It must not import Beam: the catalogue is read often.
- `cursor.py` (a source that can be read in windows) says of which column: see cursor_column.py.
- `read.py` (a source), `apply.py` (a transform) or `write.py` (a sink) holds one `beam.PTransform` subclass,
  made with `(params, context)`: the parameters and a `StepContext` (beam_pipeline/modules/context.py).

The PTransform gets the pipeline (a source), one PCollection (`capabilities.inputs == 1`) or a tuple of
PCollections in the config's order (any other transform), and returns one PCollection of
`pyarrow.RecordBatch`. `expand` does no I/O. Every step emits at least one batch: for no rows, one
zero-row batch that carries the schema. All batches of a step have the same schema. Large batches are
cut after the step (graph.py), so a module need not care. A source may set `consistency` ("snapshot" or
"per_range") on its PTransform for the receipt, and either may tell its columns before anything is read
(columns_check.py). A sink gets one PCollection of record batches and returns one of `Written`
(beam_pipeline/staging/written.py); it says in `capabilities.idempotence` what a row does that is written
again, since an attempt that dies is made again from its beginning. Nothing is registered anywhere.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from beam_pipeline.errors import ConfigError, InternalError
from beam_pipeline.modules.params import ModuleParams
from beam_pipeline.near_miss import did_you_mean

if TYPE_CHECKING:
    from beam_pipeline.modules.context import StepContext
    from beam_pipeline.modules.cursor_column import CursorColumn

Kind = Literal["source", "transform", "sink"]
KINDS: tuple[Kind, ...] = ("source", "transform", "sink")

_FOLDER = Path(__file__).parent
_FILE = {"source": "read", "transform": "apply", "sink": "write"}


_IDEMPOTENCE = ("at-least-once", "at-most-once", "exactly-once")
_BY = "idempotent by "


@dataclass(frozen=True)
class Module:
    """One module folder; its Python files are imported only when asked for."""

    kind: Kind
    name: str

    @property
    def params_type(self) -> type[ModuleParams]:
        """The class of the module's parameters."""
        found = _classes(self._load("params"), ModuleParams)
        return self._only(found, "params", "ModuleParams")

    @property
    def transform_type(self) -> type[Any]:
        """The class of the module's PTransform."""
        from apache_beam import PTransform

        file = _FILE[self.kind]
        return self._only(_classes(self._load(file), PTransform), file, "beam.PTransform")

    @property
    def idempotence(self) -> str:
        """What a row that a sink writes again does.

        Raises:
            InternalError: The module does not say it.
        """
        said = self.params_type.capabilities.idempotence
        if said in _IDEMPOTENCE or (said or "").startswith(_BY):
            return str(said)
        allowed = ", ".join(f"`{name}`" for name in _IDEMPOTENCE)
        raise InternalError(
            f"modules/{self.kind}/{self.name}/params.py must say in `capabilities.idempotence` what a row "
            f"does that is written again: {allowed} or `{_BY}…`, got {said!r}"
        )

    @property
    def is_incremental(self) -> bool:
        """Whether the module can read a window of rows: it then can describe a cursor column."""
        return (_FOLDER / self.kind / self.name / "cursor.py").is_file()

    @property
    def describe_cursor(self) -> Callable[[Any, str, StepContext], CursorColumn]:
        """The module's `describe_cursor` (beam_pipeline/modules/cursor_column.py)."""
        function: Callable[[Any, str, StepContext], CursorColumn] = self._load("cursor").describe_cursor
        return function

    def parse(self, parameters: Mapping[str, Any], where: str) -> ModuleParams:
        """Checks parameters as they stand in a config.

        Args:
            parameters: JSON values.
            where: Path of the parameters in the config, for messages.

        Raises:
            ConfigError: Names every wrong parameter.
        """
        kind = self.params_type
        try:
            return kind.model_validate_json(json.dumps(parameters))
        except ValidationError as error:
            known = list(kind.model_fields)
            problems = [_problem(where, problem, known) for problem in error.errors()]
            raise ConfigError("\n".join(problems)) from None

    def _load(self, file: str) -> ModuleType:
        return importlib.import_module(f"beam_pipeline.modules.{self.kind}.{self.name}.{file}")

    def _only(self, found: list[type[Any]], file: str, base: str) -> type[Any]:
        if len(found) != 1:
            names = ", ".join(kind.__name__ for kind in found) or "none"
            raise InternalError(
                f"modules/{self.kind}/{self.name}/{file}.py must define one {base}; it has: {names}"
            )
        return found[0]


def discover(kind: Kind) -> list[Module]:
    """Lists the modules of a kind, by name."""
    names = sorted(path.parent.name for path in (_FOLDER / kind).glob("*/params.py"))
    return [Module(kind, name) for name in names]


def find(kind: Kind, name: str, where: str) -> Module:
    """Finds one module.

    Raises:
        ConfigError: There is none of that name; the message says which there are.
    """
    names = {module.name: module for module in discover(kind)}
    if name in names:
        return names[name]
    near = did_you_mean(name, names)
    allowed = ", ".join(names) or "none"
    raise ConfigError(f"{where}  no {kind} module is named `{name}`{near} ({allowed})")


def _classes(module: ModuleType, base: type[Any]) -> list[type[Any]]:
    """The subclasses of `base` that this file itself defines and shows (no leading underscore)."""
    return [
        value
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, base)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]


def _problem(where: str, problem: Any, known: list[str]) -> str:
    path = where + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{path}  unknown key{did_you_mean(str(problem['loc'][-1]), known)}"
    return f"{path}  {problem['msg']}"
