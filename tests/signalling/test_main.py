"""The `polyana` command: what it prints and how it ends."""

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import signalling
from signalling import __main__ as command
from signalling.app import Server
from signalling.config import DEV_KEY, DEV_SECRET, ConfigError, load
from signalling.rtc.tokens import Claims, verify_token
from tests.mediaserver.room_fakes import FakeClock

TOKEN = ["token", "--dev", "--room", "maths", "--identity", "anna"]


def refused(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What argparse says before it ends the program."""
    with pytest.raises(SystemExit) as end:
        command.main(arguments)
    assert end.value.code == 2
    output = capsys.readouterr()
    assert not output.out and output.err.startswith("usage: polyana")
    return output.err


@pytest.mark.parametrize("arguments", [[], ["serve"], ["check"], ["token"]])
def test_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.main([*arguments, "--help"])
    assert end.value.code == 0
    assert " ".join(["usage: polyana", *arguments]) in capsys.readouterr().out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.main(["--version"])
    assert end.value.code == 0 and capsys.readouterr().out == f"polyana {signalling.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "COMMAND"),
        (["dance"], "dance"),
        (["serve", "--port", "1"], "--port"),
        (["check", "--lesson", "Maths"], "--lesson"),
        (["token", "--identity", "anna"], "--room"),
        (["token", "--room", "maths"], "--identity"),
        ([*TOKEN, "--room", ""], "--room"),
        ([*TOKEN, "--identity", ""], "--identity"),
        ([*TOKEN, "--ttl", "soon"], "--ttl"),
        ([*TOKEN, "--ttl", "0"], "--ttl"),
        ([*TOKEN, "--ttl=-60"], "--ttl"),
        ([*TOKEN, "--ttl", "9" * 30], "--ttl"),
    ],
)
def test_bad_arguments_are_named(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert named in refused(arguments, capsys)


@pytest.mark.parametrize("arguments", [["serve"], ["check"], ["token", "--room", "r", "--identity", "i"]])
def test_settings_that_cannot_be_used(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command.main(arguments) == 2
    assert capsys.readouterr().err.startswith("polyana: keys: ")
    assert command.main([*arguments, "--config", str(tmp_path / "missing.yaml")]) == 2
    assert "missing.yaml" in capsys.readouterr().err


def claims(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Claims:
    assert command.main(arguments) == 0
    token = capsys.readouterr().out.strip()
    # The command has the machine's clock: any time will do.
    return verify_token(token, {DEV_KEY: DEV_SECRET}, now=0, leeway_s=1e12)


def test_a_token_to_publish(capsys: pytest.CaptureFixture[str]) -> None:
    found = claims([*TOKEN, "--name", "Анна"], capsys)
    assert (found.identity, found.name) == ("anna", "Анна")
    video = found.video
    assert video is not None and video.room_join and video.room == "maths"
    assert video.can_publish and video.can_subscribe and video.can_publish_data
    assert not (video.room_admin or video.room_create)


def test_a_token_to_watch(capsys: pytest.CaptureFixture[str]) -> None:
    video = claims([*TOKEN, "--subscribe-only"], capsys).video
    assert video is not None and video.can_subscribe
    assert video.can_publish is False and video.can_publish_data is False


def test_how_long_a_token_lives(capsys: pytest.CaptureFixture[str]) -> None:
    longer = claims([*TOKEN, "--ttl", "100000"], capsys).exp - claims(TOKEN, capsys).exp
    assert longer == pytest.approx(100_000 - 3600, abs=60)


def test_check_ends_with_the_status_of_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    for status in (0, 1):
        monkeypatch.setattr(command.check, "main", lambda settings, warnings, status=status: status)
        assert command.main(["check", "--dev"]) == status


# Settings of a command line


def test_options_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYANA_DATA", "from-environment")
    arguments = ["serve", "--dev", "--data", str(tmp_path), "--lesson", "Maths", "--lesson", "Music"]
    settings = command.settings_of(command.parser().parse_args(arguments))
    assert settings.dev and settings.data == tmp_path
    assert [(lesson.room, lesson.title) for lesson in settings.lessons] == [
        ("lesson-1", "Maths"),
        ("lesson-2", "Music"),
    ]


def test_a_lesson_needs_a_title() -> None:
    with pytest.raises(ConfigError, match=r"lessons\.0\.title"):
        command.settings_of(command.parser().parse_args(["serve", "--dev", "--lesson", ""]))


@pytest.fixture
def livekit(tmp_path: Path) -> list[str]:
    """Options for a livekit.yaml that asks for something in vain."""
    file = tmp_path / "livekit.yaml"
    file.write_text(f"keys: {{k: {'s' * 32}}}\nport: 7999\nrtc: {{use_mdns: true}}\n")
    return ["--livekit-config", str(file), "--data", str(tmp_path)]


def test_settings_of_livekit_are_taken(livekit: list[str]) -> None:
    settings = command.settings_of(command.parser().parse_args(["serve", *livekit]))
    assert settings.http.port == 7999 and set(settings.keys) == {"k"}


def test_check_says_what_of_livekit_is_not_supported(
    livekit: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command.main(["check", *livekit])
    assert "[warn] LiveKit's configuration: rtc.use_mdns: " in capsys.readouterr().out


def test_serve_says_what_of_livekit_is_not_supported(
    livekit: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command.logs, "configure", lambda **settings: None)
    monkeypatch.setattr(command, "serve", lambda settings, arguments: asyncio.sleep(0, 0))
    with capture_logs() as lines:
        assert command.main(["serve", *livekit]) == 0
    (line,) = [line for line in lines if line["event"] == "not supported here"]
    assert line["livekit"].startswith("rtc.use_mdns: ") and line["log_level"] == "warning"


def test_a_key_that_livekit_does_not_have_stops_the_start(
    livekit: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path(livekit[1]).write_text("prot: 7880\n")
    assert command.main(["serve", *livekit]) == 2
    assert capsys.readouterr().err.startswith("polyana: prot: ")


# Serving


def test_a_port_that_is_taken_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command.logs, "configure", lambda **settings: None)
    monkeypatch.setenv("POLYANA_MEDIA__UDP_PORT", "0")
    monkeypatch.setenv("POLYANA_MEDIA__TCP_PORT", "0")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("POLYANA_HTTP__HOST", "127.0.0.1")
        monkeypatch.setenv("POLYANA_HTTP__PORT", str(port))
        assert command.main(["serve", "--dev", "--data", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("polyana: ") and str(port) in error and "polyana check" in error


def test_the_greeting_has_links_for_this_machine_and_for_phones(tmp_path: Path) -> None:
    lessons = {"lessons": [{"room": "maths", "title": "Maths"}]}
    announced = {"media": {"announced_addresses": ["192.0.2.7"]}}
    server = Server(load(None, {"dev": True, "data": tmp_path} | lessons | announced), FakeClock())
    ((_, path),) = server.links().lessons
    text = command.greeting(server)
    assert f"http://localhost:7880{path}" in text and f"https://192.0.2.7:7443{path}" in text
    assert f"/operator#token={server.settings.operator_token}" in text and "█" in text
    assert "the phone asks once" in text, "the certificate was made on the spot"


def test_a_phones_link_with_an_ipv6_address_has_brackets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "local_addresses", lambda: ["2001:db8::7"])
    server = Server(load(None, {"dev": True, "data": tmp_path}), FakeClock())
    assert "https://[2001:db8::7]:7443/l/" in command.greeting(server)
