"""Keys change while the server runs: rotated, taken back, and kept when the new file is broken."""

import asyncio
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from signalling import __main__ as command
from signalling.api_keys import ApiKeys
from signalling.app import Server
from signalling.config import ConfigError, Settings, load
from signalling.key_file import read_key_file
from signalling.key_watch import KeyWatch

OLD, NEW = "o" * 32, "n" * 32


def write(file: Path, **keys: str) -> None:
    """A key file that only its owner may read, replaced at once."""
    text = "".join(f"{key}: {secret}\n" for key, secret in keys.items())
    replace(file, text.encode())


def replace(file: Path, content: bytes) -> None:
    new = file.with_suffix(".new")
    new.write_bytes(content)
    new.chmod(0o600)
    new.replace(file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.yaml"
    write(path, old=OLD)
    return path


class Watched:
    """Keys of a key file."""

    def __init__(self, read: Callable[[], Settings], *files: Path) -> None:
        self.registry = CollectorRegistry()
        settings = read()
        self.keys = ApiKeys(settings.keys)
        self.watch = KeyWatch(self.keys, settings, read, files, self.registry)

    def look(self, times: int = 2) -> dict[str, str]:
        for _ in range(times):
            self.watch.poll()
        return dict(self.keys)

    def counted(self, result: str) -> float:
        return self.registry.get_sample_value("polyana_api_key_reloads_total", {"result": result}) or 0.0


@pytest.fixture
def watched(file: Path) -> Watched:
    return Watched(partial(load, None, {"key_file": file}))


# The provider


def test_the_preferred_key_signs_while_it_lives() -> None:
    keys = ApiKeys({"old": OLD, "new": NEW})
    assert keys.signing() == ("old", OLD) and keys.signing("new") == ("new", NEW)
    keys.replace({"new": NEW})
    assert keys.signing("old") == ("new", NEW) and "old" not in keys
    with pytest.raises(ValueError, match="at least one"):
        keys.replace({})
    assert dict(keys) == {"new": NEW}


def test_secrets_do_not_show() -> None:
    assert OLD not in repr(ApiKeys({"old": OLD}))


# The key file


def test_a_key_file_holds_several_keys(file: Path) -> None:
    write(file, old=OLD, new=NEW)
    assert load(None, {"key_file": file}).keys == {"old": OLD, "new": NEW}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "at least one"),
        (b"old: short", r"keys\.old"),
        (b"old: 12345678901234567890123456789012", "'?old'? is no text|quotes"),
        (b"old:\n  secret: " + OLD.encode(), "quotes"),
        (b"- " + OLD.encode(), "mapping"),
        (b"old: *" + OLD.encode(), "line 1"),
        (b"old: !" + OLD.encode() + b" x", "line 1"),
        (b"old: '" + OLD.encode(), "line 1"),
        (b"\xff" + OLD.encode(), "UTF-8"),
    ],
)
def test_what_is_wrong_with_a_key_file(file: Path, content: bytes, named: str) -> None:
    replace(file, content)
    with pytest.raises(ConfigError, match=named) as error:
        load(None, {"key_file": file})
    assert OLD not in str(error.value), "secrets stay out of logs"


def test_a_key_file_is_not_for_others(file: Path) -> None:
    file.chmod(0o640)
    assert read_key_file(file) == {"old": OLD}
    file.chmod(0o644)
    with pytest.raises(ConfigError, match=r"key_file: .*others"):
        load(None, {"key_file": file})


def test_keys_have_one_home(file: Path) -> None:
    with pytest.raises(ConfigError, match="keys: not together with key_file"):
        load(None, {"key_file": file, "keys": {"new": NEW}})


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        load(None, {"key_file": tmp_path / "missing.yaml"})


# Watching


def test_a_changed_file_changes_the_keys(watched: Watched, file: Path) -> None:
    assert watched.look() == {"old": OLD} and watched.counted("done") == 0
    write(file, old=OLD, new=NEW)
    assert watched.look() == {"old": OLD, "new": NEW}
    write(file, new=NEW)
    with capture_logs() as lines:
        assert watched.look() == {"new": NEW}
    assert [(line["added"], line["removed"]) for line in lines] == [([], ["old"])]
    assert watched.counted("done") == 2
    assert watched.registry.get_sample_value("polyana_api_keys") == 1


def test_a_file_that_is_still_written_is_left_alone(watched: Watched, file: Path) -> None:
    file.write_text(f"new: {NEW}")
    assert watched.look(1) == {"old": OLD}
    with file.open("a") as more:
        more.write("and the rest of the secret")
    assert watched.look(1) == {"old": OLD}
    assert watched.look(1) == {"new": f"{NEW}and the rest of the secret"}


@pytest.mark.parametrize("content", [b"", b"new: short", b"[", None])
def test_a_broken_file_keeps_the_keys(watched: Watched, file: Path, content: bytes | None) -> None:
    if content is None:
        file.unlink()
    else:
        replace(file, content)
    with capture_logs() as lines:
        assert watched.look(5) == {"old": OLD}
    assert watched.counted("failed") == 1, "told once, not at every look"
    assert [line["log_level"] for line in lines] == ["error"]
    write(file, new=NEW)
    assert watched.look() == {"new": NEW}


def test_keys_of_the_settings_file_are_watched_too(tmp_path: Path) -> None:
    settings = tmp_path / "polyana.yaml"
    settings.write_text(f"keys: {{old: {OLD}}}\n")
    watched = Watched(partial(load, settings, {}), settings)
    settings.write_text(f"keys: {{new: {NEW}}}\nhttp: {{port: wrong}}\n")
    assert watched.look() == {"old": OLD} and watched.counted("failed") == 1
    settings.write_text(f"keys: {{new: {NEW}}}\n")
    assert watched.look() == {"new": NEW}


def test_another_key_file_is_watched_from_then_on(tmp_path: Path, file: Path) -> None:
    settings, other = tmp_path / "polyana.yaml", tmp_path / "other.yaml"
    settings.write_text(f"key_file: {file}\n")
    write(other, new=NEW)
    watched = Watched(partial(load, settings, {}), settings)
    settings.write_text(f"key_file: {other}\n")
    assert watched.look() == {"new": NEW}
    write(other, newer=NEW)
    assert watched.look() == {"newer": NEW}


async def test_sighup_reads_the_keys_at_once(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HTTP__HOST": "127.0.0.1", "HTTP__PORT": "0", "MEDIA__UDP_PORT": "0"}.items():
        monkeypatch.setenv(f"POLYANA_{name}", value)
    monkeypatch.setenv("POLYANA_MEDIA__TCP_PORT", "0")
    monkeypatch.setenv("POLYANA_KEY_FILE", str(file))
    servers: list[Server] = []
    running, reread = asyncio.Event(), asyncio.Event()

    class Observed(Server):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            servers.append(self)
            reload = self.key_watch.reload
            monkeypatch.setattr(self.key_watch, "reload", lambda: (reload(), reread.set()))

    monkeypatch.setattr(command, "Server", Observed)
    monkeypatch.setattr(command, "greeting", lambda server: running.set() or "")
    arguments = command.parser().parse_args(["serve", "--data", str(tmp_path / "data")])
    serving = asyncio.create_task(command.serve(command.settings_of(arguments), arguments))
    await asyncio.wait_for(running.wait(), 20)
    write(file, new=NEW)
    os.kill(os.getpid(), signal.SIGHUP)
    await asyncio.wait_for(reread.wait(), 20)
    assert dict(servers[0].keys) == {"new": NEW}
    os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(serving, 20) == 0
