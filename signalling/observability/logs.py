"""Structured logs: JSON lines for machines, colours for people in development."""

import logging
import sys

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from prometheus_client import CollectorRegistry, Counter


class MalformedHttp(logging.Filter):
    """Counts what is not HTTP instead of logging a traceback for each: strangers would fill the disk with them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()
        self._count = Counter(
            "polyana_http_malformed_requests", "Requests that are not HTTP or are too long", registry=registry
        )

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError):
            return True
        self._count.inc()
        return False


def configure(*, json: bool, level: str) -> None:
    """Sets up structlog and what libraries log through the standard module."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    end: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[*shared, *end],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[
        structlog.stdlib.ProcessorFormatter.remove_processors_meta, *end]))  # fmt: skip
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
