"""The text of a `query` parameter: it stands there, or in the .sql file that it names."""

from __future__ import annotations

from beam_pipeline.errors import ConfigError
from beam_pipeline.storage import files


def read(text: str, where: str) -> str:
    """The SQL text, without the mark that some editors begin a file with.

    Args:
        text: SQL text, or the path of a .sql file.
        where: Path of the parameter in the config, for messages.

    Raises:
        ConfigError: There is no such file, or it is no text that a server takes.
    """
    place = where
    if text.strip().endswith(".sql") and len(text.split()) == 1:
        path = text.strip()
        place = f"{where}, {path}"
        try:
            text = files.read_bytes(path).decode()
        except UnicodeDecodeError as error:
            raise ConfigError(f"{place}  is not UTF-8 text: see byte {error.start}") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise ConfigError(
            f"{place}  holds a NUL character in line {line}, where the text would end for the server"
        )
    return text.removeprefix("\ufeff")
