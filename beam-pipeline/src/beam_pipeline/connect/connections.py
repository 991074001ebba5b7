"""Database connections: a key of the profiles file, or attributes inline.

A `ConnectionReference` travels inside the pipeline and holds no secret. The process that connects
resolves it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from beam_pipeline.connect import secrets, worker_redaction
from beam_pipeline.errors import ResourceError
from beam_pipeline.modules.context import StepContext
from beam_pipeline.modules.params import ModuleParams
from beam_pipeline.near_miss import did_you_mean
from beam_pipeline.storage import files

POSTGRES_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")
MYSQL_TLS = ("ssl_mode", "ssl_ca", "ssl_cert", "ssl_key")
_KEYS = ("sslkey", "ssl_key")
# Some thousands of profiles; `config-text.ts` has the same.
_MOST_BYTES = 1_000_000


class Profile(BaseModel):
    """One entry of the profiles file; every value may hold `${env:NAME}`, `${file:path}`, `${secret:…}`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    type: str | None = Field(None, description="Name of the source that it is for; absent: it is found out.")
    host: str = Field(description="Name or address of the server.")
    port: int | str | None = Field(None, description="Port of the server.")
    database: str = Field(description="Name of the database.")
    user: str = Field(description="Name of the user.")
    password: str = Field("", repr=False, description="The password, or a reference to it.")
    sslmode: str | None = Field(
        None,
        description="PostgreSQL: how TLS is used: disable, allow, prefer, require, verify-ca, verify-full.",
    )
    sslrootcert: str | None = Field(None, description="PostgreSQL: the certificates to trust, a path or PEM.")
    sslcert: str | None = Field(None, description="PostgreSQL: the client's own certificate, a path or PEM.")
    sslkey: str | None = Field(
        None, repr=False, description="PostgreSQL: the key of `sslcert`, a path or PEM."
    )
    ssl_mode: str | None = Field(
        None, description="MySQL: how TLS is used: DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY."
    )
    ssl_ca: str | None = Field(None, description="MySQL: the certificates to trust, a path or PEM.")
    ssl_cert: str | None = Field(None, description="MySQL: the client's own certificate, a path or PEM.")
    ssl_key: str | None = Field(None, repr=False, description="MySQL: the key of `ssl_cert`, a path or PEM.")


@dataclass(frozen=True)
class Connection:
    """A resolved connection; its secrets never show in a repr.

    Attributes:
        tls: What was given of `POSTGRES_TLS` and `MYSQL_TLS`.
        anywhere: Whether certificates may lie outside of what `roots` allows.
    """

    name: str
    host: str
    port: int | None
    database: str
    user: str
    password: str = field(repr=False)
    tls: Mapping[str, str] = field(default_factory=dict, repr=False)
    anywhere: bool = True

    @property
    def place(self) -> str:
        """Which server and database it is of, for messages."""
        return f"{self.name} ({self.host}, database {self.database})"


@dataclass(frozen=True)
class ConnectionReference:
    """How to find a connection: a key of the profiles, or attributes with references.

    Attributes:
        step: The step that connects, for messages.
        profiles: Path or URI of the profiles file.
        key: Key in that file.
        inline: Attributes that were written in the config instead.
    """

    step: str
    profiles: str | None = None
    key: str | None = None
    inline: tuple[tuple[str, Any], ...] = ()

    def resolve(self) -> Connection:
        """Reads the profile and resolves every reference.

        Raises:
            ResourceError: The profile or something that it refers to is missing or wrong.
        """
        worker_redaction.install()
        if self.key is None:
            given = dict(self.inline)
            return resolve_profile(given, f"source {self.step}", "inline attributes", anywhere=False)
        if self.profiles is None:
            raise ResourceError(
                f"source {self.step}: profile `{self.key}` is wanted, but no profiles file was "
                "given; add --profile FILE or put .connections.json beside the config"
            )
        profiles = read_profiles(self.profiles)
        if self.key not in profiles:
            near = did_you_mean(self.key, profiles)
            raise ResourceError(
                f"source {self.step}: {self.profiles} has no profile `{self.key}`{near} "
                f"({', '.join(profiles) or 'it is empty'})"
            )
        # A file of that name is the host's owner's; of another one, whoever starts runs may have named it.
        own = self.profiles.endswith("connections.json") or not files.is_local(self.profiles)
        where = f"{self.profiles}: {self.key}"
        return resolve_profile(profiles[self.key], where, f"profile {self.key}", anywhere=own)


class DatabaseParams(ModuleParams):
    """The part of a source's parameters that says where the database is."""

    profile: str | None = Field(None, description="Key of the connection in the profiles file.")
    host: str | None = Field(None, description="Server, instead of `profile`.")
    port: int | str | None = Field(None, description="Port of the server, with `host`.")
    database: str | None = Field(None, description="Name of the database, with `host`.")
    user: str | None = Field(None, description="Name of the user, with `host`.")
    password: str | None = Field(
        None,
        pattern=r"^\$\{(env|file|secret):[^}]+\}$",
        description=(
            "`${env:NAME}`, `${file:path}` or `${secret:projects/P/secrets/S/versions/V}`, with `host`; "
            "never the password itself."
        ),
    )

    # Parameters that say where the database is, in the place of a profile.
    connection_attributes: ClassVar[tuple[str, ...]] = ("host", "port", "database", "user", "password")

    @model_validator(mode="after")
    def _one_way_to_connect(self) -> Self:
        given = [name for name in self.connection_attributes if getattr(self, name) is not None]
        if self.profile is not None and given:
            raise ValueError(f"give `profile` or {', '.join(given)}, not both")
        if self.profile is None:
            missing = [name for name in ("host", "database", "user") if name not in given]
            if missing:
                raise ValueError(
                    "give `profile`"
                    if not given
                    else f"with {', '.join(given)} also give {', '.join(missing)}"
                )
        return self

    def connection(self, context: StepContext) -> ConnectionReference:
        """Where this step connects to, without its secrets."""
        if self.profile is not None:
            return ConnectionReference(context.step, context.profiles, self.profile)
        given = ((name, getattr(self, name)) for name in self.connection_attributes)
        inline = tuple((name, value) for name, value in given if value is not None)
        return ConnectionReference(context.step, inline=inline)


def read_profiles(uri: str) -> dict[str, Any]:
    """Reads a profiles file: a JSON object of profiles by key.

    Raises:
        ResourceError: It is missing or malformed; the message repeats nothing of its contents.
    """
    try:
        profiles = json.loads(files.read_bytes(uri, _MOST_BYTES))
    except RecursionError:
        raise ResourceError(f"{uri} is nested too deeply") from None
    except ValueError as error:
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "its text"
        raise ResourceError(f"{uri} is not JSON: see {place}") from None
    if not isinstance(profiles, dict):
        raise ResourceError(f"{uri} must hold a JSON object of profiles by key")
    return profiles


def resolve_profile(attributes: Any, where: str, name: str, *, anywhere: bool = True) -> Connection:
    """Checks one profile and resolves its references.

    Args:
        attributes: The profile as it was read.
        where: Where it stands, for messages.
        name: What messages about the server call it.
        anywhere: Whether `${file:…}` and certificates may lie outside of what `roots` allows.

    Raises:
        ResourceError: An attribute is unknown, missing or of the wrong type.
    """
    try:
        profile = Profile.model_validate(attributes)
    except ValidationError as error:
        problems = [_problem(found) for found in error.errors(include_input=False)]
        raise ResourceError(f"{where}: " + "; ".join(problems)) from None
    password = secrets.resolve(profile.password, f"{where}: password", anywhere=anywhere)
    secrets.remember(password)

    def text(attribute: str) -> str:
        value = str(getattr(profile, attribute))
        return secrets.resolve(value, f"{where}: {attribute}", anywhere=anywhere)

    return Connection(
        name=name,
        host=_host(text("host").strip()),
        port=None if profile.port is None else _port(text("port"), where),
        database=text("database"),
        user=text("user"),
        password=password,
        tls=_tls(profile, where, anywhere),
        anywhere=anywhere,
    )


def _tls(profile: Profile, where: str, anywhere: bool) -> dict[str, str]:
    found = {}
    for attribute in (*POSTGRES_TLS, *MYSQL_TLS):
        value = getattr(profile, attribute)
        if value is not None:
            found[attribute] = secrets.resolve(value, f"{where}: {attribute}", anywhere=anywhere)
    for attribute in _KEYS:
        # A path is no secret.
        if "PRIVATE KEY" in found.get(attribute, ""):
            secrets.remember(found[attribute])
    return found


def _host(text: str) -> str:
    """An IPv6 address without the brackets that it has in a URL."""
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _port(text: str, where: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal()) or len(text) > 5 or not 0 < int(text) < 65536:
        raise ResourceError(f"{where}: port must be a number from 1 to 65535")
    return int(text)


def _problem(problem: Any) -> str:
    path = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key `{path}`{did_you_mean(path, Profile.model_fields)}"
    return f"{path}: {problem['msg']}" if path else str(problem["msg"])
