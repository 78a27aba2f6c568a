"""The sockets of HTTP: everything on one port, the same over TLS on another, metrics alone on a third."""

import logging
import ssl

from aiohttp import web

from signalling.config import HttpSettings

#: A v1 join carries token and offer in its query.
MAX_REQUEST_LINE = 65_536
SHUTDOWN_TIMEOUT_S = 2.0


class Listeners:
    """Opens them, and closes them in order."""

    def __init__(self, http: HttpSettings, logger: logging.Logger) -> None:
        self._http, self._logger = http, logger
        self._runners: list[web.AppRunner] = []

    async def open(
        self, application: web.Application, ports: list[tuple[int, ssl.SSLContext | None]]
    ) -> None:
        """Serves an application on ports, with TLS or without. Raises `OSError` naming the address."""
        runner = web.AppRunner(
            application,
            access_log=None,
            logger=self._logger,
            max_line_size=MAX_REQUEST_LINE,
            max_field_size=MAX_REQUEST_LINE,
            shutdown_timeout=SHUTDOWN_TIMEOUT_S,
        )
        self._runners.append(runner)
        await runner.setup()
        for port, context in ports:
            for host in self._http.host:
                await web.TCPSite(runner, host, port, ssl_context=context).start()

    async def close(self) -> None:
        """Ends what is open. Idempotent."""
        while self._runners:
            await self._runners.pop().cleanup()
