"""iCalendar over HTTP."""

from aiohttp import web


def calendar_file(content: bytes, name: str = "polyana.ics") -> web.Response:
    """A file that calendar programs open."""
    headers = {
        "Content-Type": "text/calendar; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return web.Response(body=content, headers=headers)
