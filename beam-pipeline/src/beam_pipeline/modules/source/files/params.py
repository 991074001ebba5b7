"""Parameters of the `files` source."""

from __future__ import annotations

import codecs
import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from beam_pipeline.modules.params import Capabilities, ModuleParams

Format = Literal["csv", "jsonl", "parquet"]

_FORMATS: dict[str, Format] = {
    "csv": "csv", "tsv": "csv", "jsonl": "jsonl", "ndjson": "jsonl", "parquet": "parquet",
}  # fmt: skip
_KNOWN_EXTENSION = r"\.(csv|tsv|jsonl|ndjson|parquet)(\.(gz|zst|bz2))?$"
# One ASCII character that ends no line.
_Sign = Annotated[str, Field(pattern=r"^[\x01-\x09\x0b\x0c\x0e-\x7f]$")]


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"`{name}` is not an encoding; for example utf-8, latin-1, cp1252") from None
    return name


def _known_types(columns: dict[str, str]) -> dict[str, str]:
    from beam_pipeline.sql.sql_types import arrow_type

    for name, kind in columns.items():
        try:
            arrow_type(kind)
        except ValueError as error:
            raise ValueError(f"column `{name}`: {error}") from None
    return columns


class CsvOptions(BaseModel):
    """How a CSV file is written."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    delimiter: _Sign | None = Field(
        None,
        description="Between values; a comma, or a tab in a .tsv file, or what a first line `sep=;` says.",
    )
    header: bool = Field(
        True,
        description="The first row holds the columns' names; without one they are those of `columns`.",
    )
    skip: int = Field(0, ge=0, le=1000, description="Lines before the header, such as a title.")
    skip_end: int = Field(0, ge=0, le=1000, description="Lines behind the last row, such as a total.")
    comment: str | None = Field(
        None,
        pattern=r"^[^\r\n]{1,16}$",
        description="What a line begins with that is no row, such as #.",
    )
    blank_lines: Literal["skip", "null"] | None = Field(
        None,
        description=(
            "What a blank line of a file with one column is: no row, or NULL. With more columns it is no row."
        ),
    )
    null_values: list[str] = Field(
        [""], description='What stands for NULL where it is not quoted; `""` is the empty text.'
    )
    quote: _Sign | None = Field('"', description="Around a value; null for none.")
    escape: _Sign | None = Field(None, description="Before a quote inside a value; else it is doubled.")
    encoding: Annotated[str, AfterValidator(_known_encoding)] = Field(
        "utf-8", description="Encoding of the text, such as utf-8, utf-16, latin-1, cp1252."
    )

    @model_validator(mode="after")
    def _signs_differ(self) -> Self:
        signs = {"delimiter": self.delimiter or ",", "quote": self.quote, "escape": self.escape}
        given = {key: sign for key, sign in signs.items() if sign is not None}
        for key, sign in given.items():
            for other, taken in given.items():
                if key < other and sign == taken:
                    raise ValueError(f"`{key}` and `{other}` are both `{sign}`")
        if self.comment is not None and self.blank_lines == "null":
            raise ValueError("`comment` and `blank_lines: null` cannot go together")
        return self


class FilesParams(ModuleParams):
    """Reads CSV, JSON Lines or Parquet files."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {
                    "description": "the extension of `path` names no format: give `format`",
                    "anyOf": [
                        {"required": ["format"]},
                        {"properties": {"path": {"pattern": _KNOWN_EXTENSION}}},
                    ],
                }
            ]
        }
    )
    capabilities: ClassVar[Capabilities] = Capabilities(inputs=0)
    path_parameters: ClassVar[tuple[str, ...]] = ("path",)

    path: str = Field(
        min_length=1,
        description=(
            "Path of the files; `*`, `?` and `[…]` stand for parts of a name, `**` for folders at any "
            "depth. A name that ends in .gz, .zst or .bz2 is decompressed (CSV, JSON Lines)."
        ),
    )
    format: Format | None = Field(
        None, description="By default what the extension says: .csv, .tsv, .jsonl, .ndjson, .parquet."
    )
    columns: Annotated[dict[str, str], AfterValidator(_known_types)] | None = Field(
        None,
        min_length=1,
        description=(
            "SQL types by column, such as `decimal(12,2)`. The type of a column that is not listed is "
            "inferred from the first rows (CSV, JSON Lines) or that of the file (Parquet)."
        ),
    )
    folder_columns: bool = Field(
        True,
        description=(
            "Folders named `column=value`, as Hive, Spark and the sink `files` write them, are columns; "
            "false if such names mean nothing."
        ),
    )
    csv: CsvOptions = Field(
        default_factory=lambda: CsvOptions.model_validate({}), description="How the CSV files are written."
    )

    @model_validator(mode="after")
    def _options_fit_the_format(self) -> Self:
        if self.format is None and re.search(_KNOWN_EXTENSION, self.path) is None:
            raise ValueError(
                f"`{self.path}` has none of the extensions {', '.join('.' + name for name in _FORMATS)}; "
                "give `format`"
            )
        if self.file_format != "csv" and "csv" in self.model_fields_set:
            raise ValueError(f"`csv` is for CSV files; the format is {self.file_format}")
        return self

    @property
    def file_format(self) -> Format:
        """The format, by parameter or extension."""
        if self.format is not None:
            return self.format
        found = re.search(_KNOWN_EXTENSION, self.path)
        assert found is not None
        return _FORMATS[found[1]]

    @property
    def delimiter(self) -> str:
        """Between the values of a CSV file."""
        is_tsv = re.search(r"\.tsv(\.\w+)?$", self.path) is not None
        return self.csv.delimiter or ("\t" if is_tsv else ",")
