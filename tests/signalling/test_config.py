"""Settings: defaults, the order of sources, and errors that name the setting."""

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from signalling.app import engine_settings
from signalling.config import DEV_KEY, DEV_SECRET, ConfigError, Settings, load

ROOT = Path(__file__).resolve().parents[2]
SECRET = "x" * 32
KEYS = {"keys": {"school": SECRET}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "polyana.yaml"


def written(file: Path, **values: Any) -> Path:
    file.write_text(yaml.safe_dump(KEYS | values, allow_unicode=True), encoding="utf-8")
    return file


def refusal(values: dict[str, Any] | None = None, path: Path | None = None) -> str:
    with pytest.raises(ConfigError) as error:
        load(path, values or {})
    return str(error.value)


def test_defaults_are_those_that_the_readme_tells() -> None:
    settings = load(None, KEYS)
    http, media = settings.http, settings.media
    assert (http.port, http.tls_port, media.tcp_port, media.udp_port) == (7880, None, 7881, 7882)
    assert media.hosts == ("0.0.0.0", "::") and media.workers >= 1
    assert not settings.dev and settings.log_json and settings.log_level == "info"
    assert settings.data == Path("var") and settings.lessons == ()


def test_the_example_of_the_readme_loads(file: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    file.write_text(example, encoding="utf-8")
    settings = load(file, {})
    assert settings.http.tls_port == 7443 and settings.lessons[0].room == "parents"


def test_the_operator_token_is_made_when_there_is_none() -> None:
    first, second = load(None, KEYS), load(None, KEYS)
    assert first.operator_token != second.operator_token and len(first.operator_token) >= 32
    assert load(None, KEYS | {"operator_token": "given"}).operator_token == "given"


# Development


def test_development_implies_keys_a_lesson_https_and_logs_for_people() -> None:
    settings = load(None, {"dev": True})
    assert settings.keys == {DEV_KEY: DEV_SECRET} and len(settings.lessons) == 1
    assert settings.http.tls_port == 7443 and not settings.log_json and settings.rtc.allow_simulate


def test_what_development_implies_is_weaker_than_any_source(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(file, http={"tls_port": 8443}, log_json=True, lessons=[{"room": "r", "title": "t"}])
    settings = load(file, {"dev": True})
    assert settings.http.tls_port == 8443 and settings.log_json
    assert "school" in settings.keys and settings.lessons[0].room == "r"
    monkeypatch.setenv("POLYANA_HTTP__TLS_PORT", "9443")
    assert load(file, {"dev": True}).http.tls_port == 9443


def test_development_from_the_environment_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYANA_DEV", "true")
    assert load(None, {}).http.tls_port == 7443


# Sources


def test_command_line_over_environment_over_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(file, data="from-file", http={"port": 1, "host": "127.0.0.1"})
    assert load(file, {}).data == Path("from-file")
    monkeypatch.setenv("POLYANA_DATA", "from-environment")
    monkeypatch.setenv("POLYANA_HTTP__PORT", "2")
    settings = load(file, {})
    assert settings.data == Path("from-environment")
    assert (settings.http.port, settings.http.host) == (2, ("127.0.0.1",)), "sections are merged"
    assert load(file, {"data": "from-command-line"}).data == Path("from-command-line")


def test_the_environment_holds_lists_and_mappings_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYANA_KEYS", f'{{"school": "{SECRET}"}}')
    monkeypatch.setenv("POLYANA_HTTP__TRUSTED_PROXIES", '["10.0.0.1"]')
    settings = load(None, {})
    assert settings.keys == {"school": SECRET} and settings.http.trusted_proxies == ("10.0.0.1",)


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("POLYANA_HTTP__PORT", "many", "http.port"),
        ("POLYANA_HTTP__TRUSTED_PROXIES", "10.0.0.1", "http.trusted_proxies"),
        ("POLYANA_HTTP", "{", "http"),
        ("POLYANA_HTTP__PROT", "1", "http.prot"),
        ("POLYANA_LESSONS", "maths", "lessons"),
        ("POLYANA_HTP__PORT", "1", "POLYANA_HTP__PORT"),
        ("polyana_prot", "1", "polyana_prot"),
        ("POLYANA_DEV", "maybe", "dev"),
    ],
)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, named: str
) -> None:
    monkeypatch.setenv(name, value)
    assert refusal(KEYS).startswith(f"{named}: ")


@pytest.mark.parametrize("name", ["POLYANA_SKIP_WEB", "POLYANA_SERVER"])
def test_a_variable_of_the_build_is_no_setting(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    assert load(None, KEYS).keys


# Values


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"htp": {}}, "htp"),
        ({"http": {"prot": 1}}, "http.prot"),
        ({"http": 1}, "http"),
        ({"http": {"port": 65_536}}, "http.port"),
        ({"http": {"port": -1}}, "http.port"),
        ({"http": {"requests_per_s": 0}}, "http.requests_per_s"),
        ({"http": {"request_burst": 0}}, "http.request_burst"),
        ({"http": {"max_body_bytes": 0}}, "http.max_body_bytes"),
        ({"http": {"trusted_proxies": ["10.0.0.0/8"]}}, "http.trusted_proxies.0"),
        ({"media": {"hosts": []}}, "media.hosts"),
        ({"media": {"hosts": ["localhost"]}}, "media.hosts.0"),
        ({"media": {"announced_addresses": ["school.example"]}}, "media.announced_addresses.0"),
        ({"media": {"workers": 0}}, "media.workers"),
        ({"media": {"coalesce_us": 20_001}}, "media.coalesce_us"),
        ({"media": {"together": 0}}, "media.together"),
        ({"rtc": {"enabled_codec": []}}, "rtc.enabled_codec"),
        ({"rtc": {"max_rooms": 0}}, "rtc.max_rooms"),
        ({"lessons": [{"room": "r"}]}, "lessons.0.title"),
        ({"lessons": [{"room": "", "title": "t"}]}, "lessons.0.room"),
        ({"lessons": [{"room": "r", "title": "t", "link": "x"}]}, "lessons.0.link"),
        ({"lessons": [{"room": "r", "title": "t"}] * 2}, "lessons"),
        ({"token_ttl_s": 59}, "token_ttl_s"),
        ({"log_level": "loud"}, "log_level"),
        ({"keys": {"school": 1}}, "keys.school"),
        ({"keys": {"school": "short"}}, "keys.school"),
        ({"keys": {}}, "keys"),
    ],
)
def test_a_wrong_value_is_named(values: dict[str, Any], named: str) -> None:
    assert refusal(KEYS | values).startswith(f"{named}: ")


@pytest.mark.parametrize("given", ["tls_certificate", "tls_key"])
def test_a_certificate_needs_its_key(given: str) -> None:
    assert "tls_certificate and tls_key go together" in refusal(KEYS | {"http": {given: "/some.pem"}})


def test_every_wrong_setting_is_named_at_once() -> None:
    lines = refusal(KEYS | {"http": {"port": "x"}, "token_ttl_s": 1}).splitlines()
    assert [line.split(":")[0] for line in lines] == ["http.port", "token_ttl_s"]


def test_secrets_do_not_show_in_errors() -> None:
    assert "hunter2" not in refusal({"keys": {"school": "hunter2"}})
    assert "hunter2" not in refusal({"keys": {"school": ["hunter2"]}})


def test_the_loudest_speakers_are_the_media_servers_matter() -> None:
    ours = load(None, {"dev": True, "rtc": {"loudest_speakers": 4, "loudest_speakers_from": 20}})
    found = engine_settings(ours.media, ours.rtc)
    assert (found.loudest_speakers, found.loudest_from) == (4, 20)
    usual = load(None, {"dev": True})
    assert engine_settings(usual.media, usual.rtc).loudest_speakers == 0


@pytest.mark.parametrize("enabled", [True, False])
def test_congestion_control_is_the_media_servers_matter(enabled: bool) -> None:
    ours = load(None, {"dev": True, "rtc": {"congestion_control": {"enabled": enabled}}})
    assert engine_settings(ours.media, ours.rtc).congestion_control is enabled


def test_log_levels_in_any_case() -> None:
    assert load(None, KEYS | {"log_level": "DEBUG"}).log_level == "debug"


# The file


@pytest.mark.parametrize("text", ["- a\n", "text", "1: 2", "a: [", "!!bool x", "a: 2026-13-45", "[" * 5000])
def test_a_file_that_is_no_mapping_is_named(file: Path, text: str) -> None:
    file.write_text(text)
    assert refusal(path=file).startswith(f"{file}: ")


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    assert str(file) in refusal(path=file)
    file.write_bytes(b"\xff\xfe\xff")
    assert str(file) in refusal(path=file)


def test_an_empty_file_sets_nothing(file: Path) -> None:
    file.write_text("# nothing yet\n")
    assert load(file, KEYS).http.port == 7880


@hypothesis_settings(
    derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(alphabet=st.sampled_from("abhtpkeys01:-[]{}&*!|>#'\"\\?,.\n \t~é\u2028"), max_size=60))
def test_any_file_gives_settings_or_a_config_error(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    with contextlib.suppress(ConfigError):
        assert isinstance(load(file, KEYS), Settings)
