"""All settings, each with one home. An unknown key fails with its name.

Sources, strongest first: command line, environment (`POLYANA_HTTP__PORT=8080`), configuration file (YAML), defaults.
"""

import os
import secrets
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from signalling.rtc import RtcSettings

Port = Annotated[int, Field(ge=0, le=65_535)]
DEV_KEY, DEV_SECRET = "devkey", "secret"


class ConfigError(ValueError):
    """Settings that cannot be used; the text names each key."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpSettings(_Section):
    """Pages, API and signalling."""

    host: str = "0.0.0.0"  # noqa: S104 - a server for others
    port: Port = 7880
    tls_port: Port | None = None
    """HTTPS beside HTTP; phones give camera and microphone only to it."""
    tls_certificate: Path | None = None
    """PEM. Without one, a self-signed certificate is made in the data folder."""
    tls_key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose X-Forwarded-For is believed."""
    requests_per_s: Annotated[float, Field(gt=0)] = 20
    """Of one client address, for pages and API."""
    request_burst: Annotated[int, Field(ge=1)] = 100
    max_body_bytes: Annotated[int, Field(ge=1)] = 65_536


class MediaSettings(_Section):
    """Where media goes. Ports are LiveKit's defaults."""

    hosts: tuple[str, ...] = ("0.0.0.0", "::")  # noqa: S104
    udp_port: Port = 7882
    tcp_port: Port | None = 7881
    workers: Annotated[int, Field(ge=1, le=256)] = max(1, (os.cpu_count() or 2) - 1)
    coalesce_us: Annotated[int, Field(ge=0, le=20_000)] = 500
    announced_addresses: tuple[str, ...] = ()
    """Instead of the machine's own, behind NAT or in a container."""
    announced_udp_port: Port | None = None
    announced_tcp_port: Port | None = None


class LessonSettings(_Section):
    """A lesson with a standing link."""

    room: str
    title: str
    host: str | None = None


class Settings(BaseSettings):
    """Everything. See the README for an example file."""

    model_config = SettingsConfigDict(
        extra="forbid",
        env_prefix="POLYANA_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    organisation: str = "Polyana"
    data: Path = Path("var")
    keys: dict[str, str] = Field(default_factory=dict)
    """API key -> secret (at least 32 characters outside development)."""
    dev: bool = False
    http: HttpSettings = HttpSettings()
    media: MediaSettings = MediaSettings()
    rtc: RtcSettings = RtcSettings()
    lessons: tuple[LessonSettings, ...] = ()
    operator_token: str = ""
    """For the operator's page and /metrics from elsewhere; made on the spot when empty."""
    token_ttl_s: Annotated[int, Field(ge=60)] = 6 * 3600
    log_json: bool = True
    log_level: str = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment is stronger than the file, which comes as arguments."""
        return env_settings, init_settings


MIN_SECRET = 32


def load(path: Path | None, overrides: dict[str, Any]) -> Settings:
    """Reads file and environment. Raises `ConfigError` that names every key at fault."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: {error}") from error
        if not isinstance(loaded, dict | None):
            raise ConfigError(f"{path}: a mapping of settings is expected")
        values = loaded or {}
    try:
        settings = Settings(**_merge(values, overrides))
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ConfigError("\n".join(lines)) from error
    return _completed(settings)


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        merged[key] = _merge(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _completed(settings: Settings) -> Settings:
    """Development gets its keys and a lesson; elsewhere missing or weak keys are an error."""
    changes: dict[str, Any] = {}
    if not settings.operator_token:
        changes["operator_token"] = secrets.token_urlsafe(24)
    if settings.dev:
        changes["keys"] = settings.keys or {DEV_KEY: DEV_SECRET}
        changes["lessons"] = settings.lessons or (
            LessonSettings(room="lesson", title="Первый урок · First lesson"),
        )
        changes["rtc"] = settings.rtc.model_copy(update={"allow_simulate": True})
    elif not settings.keys:
        raise ConfigError("keys: at least one API key with its secret is needed (or start with --dev)")
    elif weak := [key for key, secret in settings.keys.items() if len(secret) < MIN_SECRET]:
        raise ConfigError(f"keys.{weak[0]}: the secret needs at least {MIN_SECRET} characters")
    return settings.model_copy(update=changes)
