"""The `polyana` command."""

import argparse
import asyncio
import contextlib
import io
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import segno
import structlog
import uvloop

from mediaserver.clock import SystemClock
from mediaserver.ice_candidates import local_addresses
from signalling import __version__, admin, check, content_console, livekit_config, memory
from signalling.api_keys import ApiKeys
from signalling.app import Server, bracketed
from signalling.config import DEV_KEY, DEV_SECRET, ConfigError, Settings, load
from signalling.observability import logs
from signalling.rtc import VideoGrants, create_token

log = structlog.get_logger("signalling")


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    root = argparse.ArgumentParser(prog="polyana", description="Self-hosted video lessons and meetings.")
    root.add_argument("--version", action="version", version=f"polyana {__version__}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run the server")
    _add_settings(serve)
    serve.add_argument(
        "--lesson", metavar="TITLE", action="append", default=[], help="open a lesson and print its link"
    )
    checks = commands.add_parser(
        "check", help="look whether this machine is ready, and say how to mend what is not"
    )
    _add_settings(checks)
    token = commands.add_parser("token", help="print an access token for a LiveKit client")
    _add_settings(token)
    token.add_argument("--room", required=True, type=_text)
    token.add_argument("--identity", required=True, type=_text)
    token.add_argument("--name", default="")
    token.add_argument("--ttl", type=_seconds, default=timedelta(hours=1), metavar="SECONDS")
    token.add_argument("--subscribe-only", action="store_true", help="without the right to publish")
    admin.add_commands(commands, _add_settings)
    content_console.add_commands(commands, _add_settings)
    return root


def _text(value: str) -> str:
    if not value:
        raise argparse.ArgumentTypeError("must not be empty")
    return value


def _seconds(value: str) -> timedelta:
    try:
        duration = timedelta(seconds=int(value))
    except (ValueError, OverflowError):
        duration = timedelta()
    if duration <= timedelta():
        raise argparse.ArgumentTypeError(f"{value!r} is no positive number of seconds")
    return duration


def _add_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config", type=Path, metavar="FILE", help="YAML settings; unknown keys are an error"
    )
    command.add_argument(
        "--livekit-config",
        type=Path,
        metavar="FILE",
        help="livekit.yaml of a LiveKit server: what it says counts where the settings say nothing; LIVEKIT_CONFIG, "
        "LIVEKIT_KEYS and other LIVEKIT_ variables are read too",
    )
    command.add_argument(
        "--dev", action="store_true", help=f"development: keys {DEV_KEY}/{DEV_SECRET}, a lesson, HTTPS"
    )
    command.add_argument("--data", type=Path, metavar="FOLDER", help="where keys and certificates are kept")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Settings of a command line. Raises `ConfigError`."""
    overrides: dict[str, Any] = {}
    if arguments.data is not None:
        overrides["data"] = arguments.data
    if arguments.dev:
        overrides["dev"] = True
    lessons = getattr(arguments, "lesson", [])
    if lessons:
        overrides["lessons"] = [{"room": f"lesson-{n}", "title": title} for n, title in enumerate(lessons, 1)]
    return load(arguments.config, overrides, livekit_config.read(arguments.livekit_config).settings)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; the exit status."""
    arguments = parser().parse_args(argv)
    try:
        settings = settings_of(arguments)
        warnings = livekit_config.read(arguments.livekit_config).warnings
    except ConfigError as error:
        print(f"polyana: {error}", file=sys.stderr)
        return 2
    if arguments.command == "token":
        print(_token(settings, arguments))
        return 0
    if arguments.command == "check":
        return check.main(settings, warnings)
    if arguments.command in ("admin", "audit"):
        return admin.main(settings, arguments)
    if arguments.command in ("keys", "content"):
        return content_console.main(settings, arguments)
    logs.configure(json=settings.log_json, level=settings.log_level)
    for warning in warnings:
        log.warning("not supported here", livekit=warning)
    try:
        return uvloop.run(serve(settings, arguments))
    except OSError as error:
        print(f"polyana: {error}. `polyana check` says what is in the way.", file=sys.stderr)
        return 1


async def serve(settings: Settings, arguments: argparse.Namespace) -> int:
    """Runs until SIGINT or SIGTERM. SIGHUP reads the keys anew."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    files = [file for file in (arguments.config, arguments.livekit_config) if file is not None]
    server = Server(settings, SystemClock(), partial(settings_of, arguments), files)
    loop.add_signal_handler(signal.SIGHUP, server.key_watch.reload)
    gathering = None
    try:
        await server.start()
        memory.settle()
        gathering = asyncio.create_task(memory.LargePages().run(), name="large-pages")
        print(greeting(server), flush=True)
        await stop.wait()
    finally:
        if gathering is not None:
            gathering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await server.close()
    return 0


def greeting(server: Server) -> str:
    """Links for people: this machine's, and one for phones with its QR code."""
    http, links = server.settings.http, server.links()
    here = f"http://localhost:{http.port}"
    lines = ["", "Polyana is running."]
    for title, path in links.lessons:
        lines += ["", f"  {title}", f"    on this machine:  {here}{path}"]
        if http.tls_port is not None:
            address = (server.settings.media.announced_addresses or tuple(local_addresses()))[0]
            link = f"https://{bracketed(address)}:{http.tls_port}{path}"
            lines += [f"    on a phone:       {link}", "", _qr(link)]
            if http.tls_certificate is None:
                lines += [
                    "    (the certificate was made on the spot: the phone asks once whether to trust it)"
                ]
    if links.setup is not None:
        lines += ["", f"  Make the first head:  {here}{links.setup}"]
    lines += ["", f"  Operator's page:  {here}{links.operator}", "", "  Ctrl-C stops the server.", ""]
    return "\n".join(lines)


def _qr(link: str) -> str:
    text = io.StringIO()
    segno.make(link, error="l").terminal(text, compact=True, border=2)
    return text.getvalue()


def _token(settings: Settings, arguments: argparse.Namespace) -> str:
    publish = not arguments.subscribe_only
    grants = VideoGrants(
        room_join=True, room=arguments.room, can_publish=publish, can_subscribe=True, can_publish_data=publish
    )
    return create_token(
        *ApiKeys(settings.keys).signing(),
        identity=arguments.identity,
        name=arguments.name,
        video=grants,
        ttl=arguments.ttl,
    )


if __name__ == "__main__":
    sys.exit(main())
