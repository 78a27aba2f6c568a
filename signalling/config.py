"""All settings, each with one home. An unknown key fails with its name.

Sources, strongest first: command line, environment (`POLYANA_HTTP__PORT=8080`), configuration file (YAML), LiveKit's
configuration (`livekit_config`), what development implies, defaults.
"""

import ipaddress
import os
import secrets
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from signalling.hls.settings import HlsSettings
from signalling.key_file import read_key_file
from signalling.library.settings import LibrarySettings
from signalling.recording_settings import RecordingSettings
from signalling.rtc import RtcSettings
from signalling.school.settings import SchoolSettings
from signalling.store import StoreSettings
from signalling.webhooks.settings import WebhookSettings
from signalling.whip import WhipSettings
from signalling.yaml_file import read_mapping

ENVIRONMENT_PREFIX = "POLYANA_"
#: Of the build (deploy/build/polyana_build.py, web/vite.config.ts), which often shares a shell with the server.
BUILD_VARIABLES = {"POLYANA_SERVER", "POLYANA_SKIP_WEB"}
DEV_KEY, DEV_SECRET = "devkey", "secret"
DEV_DEFAULTS: dict[str, Any] = {"log_json": False, "http": {"tls_port": 7443}}


def _ip_address(value: str) -> str:
    return str(ipaddress.ip_address(value))


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


Port = Annotated[int, Field(ge=0, le=65_535)]
Address = Annotated[str, AfterValidator(_ip_address)]
"""IPv4 or IPv6; names are not resolved."""
LogLevel = Annotated[Literal["debug", "info", "warning", "error", "critical"], BeforeValidator(_lower)]


class ConfigError(ValueError):
    """Settings that cannot be used; the text names each key."""


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Hosts = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1), BeforeValidator(_several)
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpSettings(_Section):
    """Pages, API and signalling."""

    host: Hosts = ("0.0.0.0",)  # noqa: S104 - a server for others
    """An address or several."""
    port: Port = 7880
    tls_port: Port | None = None
    """HTTPS beside HTTP; phones give camera and microphone only to it."""
    tls_certificate: Path | None = None
    """PEM. Without one, a self-signed certificate is made in the data folder."""
    tls_key: Path | None = None
    trusted_proxies: tuple[Address, ...] = ()
    """Addresses whose X-Forwarded-For is believed."""
    requests_per_s: Annotated[float, Field(gt=0)] = 100
    """Of one client address, for pages and API. A whole school can share one behind its NAT."""
    request_burst: Annotated[int, Field(ge=1)] = 1000
    max_body_bytes: Annotated[int, Field(ge=1)] = 65_536

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        return self


class MetricsSettings(_Section):
    """Who may read /metrics besides programs on this machine and the operator."""

    port: Port | None = None
    """A port for nothing else, beside the one of everything."""
    username: str = ""
    password: str = ""
    """HTTP Basic (RFC 7617), on both ports."""

    @model_validator(mode="after")
    def _name_with_password(self) -> Self:
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password go together")
        return self


class MediaSettings(_Section):
    """Where media goes. Ports are LiveKit's defaults."""

    hosts: Annotated[tuple[Address, ...], Field(min_length=1)] = ("0.0.0.0", "::")  # noqa: S104
    udp_port: Port = 7882
    tcp_port: Port | None = 7881
    workers: Annotated[int, Field(ge=1, le=256)] = max(1, (os.cpu_count() or 2) - 1)
    together: Annotated[int, Field(ge=1)] = 50
    """So many connections of a room share a worker before the next ones go to another."""
    coalesce_us: Annotated[int, Field(ge=0, le=20_000)] = 500
    announced_addresses: tuple[Address, ...] = ()
    """Instead of the machine's own, behind NAT or in a container."""
    announced_udp_port: Port | None = None
    announced_tcp_port: Port | None = None


class LessonSettings(_Section):
    """A lesson with a standing link."""

    room: Annotated[str, Field(min_length=1)]
    title: Annotated[str, Field(min_length=1)]
    host: str | None = None


def _one_lesson_a_room(lessons: tuple[LessonSettings, ...]) -> tuple[LessonSettings, ...]:
    # The link comes from the room: two lessons would share it.
    rooms = [lesson.room for lesson in lessons]
    if repeated := sorted({room for room in rooms if rooms.count(room) > 1}):
        raise ValueError(f"more than one lesson in room {repeated[0]!r}")
    return lessons


class Settings(BaseSettings):
    """Everything. See the README for an example file."""

    model_config = SettingsConfigDict(
        extra="forbid",
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
    )

    organisation: str = "Polyana"
    data: Path = Path("var")
    keys: dict[str, str] = Field(default_factory=dict)
    """API key -> secret (at least 32 characters outside development)."""
    key_file: Path | None = None
    """Keys in a file of their own (`key: secret`), which others may not read. Instead of `keys`."""
    dev: bool = False
    http: HttpSettings = HttpSettings()
    metrics: MetricsSettings = MetricsSettings()
    media: MediaSettings = MediaSettings()
    rtc: RtcSettings = RtcSettings()
    whip: WhipSettings = WhipSettings()
    hls: HlsSettings = HlsSettings()
    webhook: WebhookSettings = WebhookSettings()
    store: StoreSettings = StoreSettings()
    school: SchoolSettings = SchoolSettings()
    library: LibrarySettings = LibrarySettings()
    recording: RecordingSettings = RecordingSettings()
    lessons: Annotated[tuple[LessonSettings, ...], AfterValidator(_one_lesson_a_room)] = ()
    operator_token: str = ""
    """For the operator's page and /metrics from elsewhere; made on the spot when empty."""
    token_ttl_s: Annotated[int, Field(ge=60)] = 6 * 3600
    log_json: bool = True
    log_level: LogLevel = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments alone: `load` merges the sources."""
        return (init_settings,)


MIN_SECRET = 32


def load(path: Path | None, overrides: dict[str, Any], below: dict[str, Any] | None = None) -> Settings:
    """Merges `below`, file, environment and `overrides`. Raises `ConfigError` that names every key at fault."""
    values = reduce(_merge, [below or {}, _file(path), _environment(), overrides])
    try:
        settings = Settings(**values)
        if settings.dev:
            settings = Settings(**_merge(DEV_DEFAULTS, values))
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ConfigError("\n".join(lines)) from error
    return _completed(settings)


def _file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return read_mapping(path)
    except ValueError as error:
        raise ConfigError(str(error)) from error


class _Environment(EnvSettingsSource):
    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """Lists and mappings are JSON; what is not stays text, so that validation names the setting."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


def _environment() -> dict[str, Any]:
    ours = {name for name in os.environ if name.upper().startswith(ENVIRONMENT_PREFIX)} - BUILD_VARIABLES
    first = {name: name.lower().removeprefix(ENVIRONMENT_PREFIX.lower()).split("__")[0] for name in ours}
    if unknown := sorted(name for name in ours if first[name] not in Settings.model_fields):
        raise ConfigError(f"{unknown[0]}: unknown setting")
    return _Environment(Settings)()


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        merged[key] = _merge(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _completed(settings: Settings) -> Settings:
    """Development gets its keys and a lesson; elsewhere missing or weak keys are an error."""
    settings = settings.model_copy(update={"keys": _keys(settings), "rtc": _rtc(settings.rtc)})
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
        raise ConfigError(
            "keys: at least one API key with its secret is needed, or a key_file (or start with --dev)"
        )
    elif weak := [key for key, secret in settings.keys.items() if len(secret) < MIN_SECRET]:
        raise ConfigError(f"keys.{weak[0]}: the secret needs at least {MIN_SECRET} characters")
    return settings.model_copy(update=changes)


def _keys(settings: Settings) -> dict[str, str]:
    if settings.key_file is None:
        return settings.keys
    if settings.keys:
        raise ConfigError("keys: not together with key_file")
    try:
        return read_key_file(settings.key_file)
    except ValueError as error:
        raise ConfigError(f"key_file: {error}") from error


def _rtc(settings: RtcSettings) -> RtcSettings:
    try:
        servers = tuple(server.with_secret() for server in settings.ice_servers)
    except ValueError as error:
        raise ConfigError(f"rtc.ice_servers: {error}") from error
    return settings.model_copy(update={"ice_servers": servers})
