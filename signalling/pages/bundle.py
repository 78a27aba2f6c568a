"""The web bundle: one page for all routes, hashed assets that never change."""

from pathlib import Path

from aiohttp import web

BUNDLE = Path(__file__).resolve().parents[1] / "bundle"
#: Before and after signing in. What they show is behind the API, so that whoever knows a path learns nothing.
SCHOOL_PAGES = (
    *("/sign-in", "/register", "/setup", "/welcome/{code}", "/account"),
    *(
        "/people",
        "/groups",
        "/groups/{group}",
        "/groups/{group}/links",
        "/families",
        "/roster",
        "/lessons",
        "/lessons/{lesson}",
        "/lessons/{lesson}/attendance",
        "/lessons/{lesson}/recordings",
        "/recordings",
        "/journal",
        "/library",
        "/library/{content}",
        "/consents",
        "/family",
        "/data",
        "/audit",
    ),
)
PAGE_ROUTES = ("/", "/l/{code}", "/watch/{code}", "/operator", *SCHOOL_PAGES)
MISSING = "The web bundle is not built. Run `make run`, or `npm install && npm run build` in web/.\n"
ASSET_CACHE = "public, max-age=31536000, immutable"


class Bundle:
    """Serves the files below `folder`."""

    def __init__(self, folder: Path = BUNDLE) -> None:
        self._folder = folder.resolve()

    @property
    def present(self) -> bool:
        """True when the page is there."""
        return (self._folder / "index.html").is_file()

    def routes(self) -> list[web.RouteDef]:
        """The page, its assets, and the few files beside it (manifest, icon)."""
        pages = [web.get(route, self._page) for route in PAGE_ROUTES]
        return [
            *pages,
            web.get("/assets/{path:.+}", self._asset),
            web.get("/{name:[a-z0-9][a-z0-9.-]*}", self._file),
        ]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        if not self.present:
            return web.Response(status=503, text=MISSING)
        return web.FileResponse(self._folder / "index.html", headers={"Cache-Control": "no-cache"})

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        path = file_below(self._folder / "assets", request.match_info["path"])
        return web.FileResponse(path, headers={"Cache-Control": ASSET_CACHE})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = file_below(self._folder, request.match_info["name"])
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


def file_below(folder: Path, name: str) -> Path:
    """A file below `folder`, which has no links in its own path. Raises `HTTPNotFound`, also for names that try to
    leave the folder."""
    try:
        path = (folder / name).resolve(strict=True)
    except (OSError, ValueError):  # not there, too long, or with a zero byte
        raise web.HTTPNotFound from None
    if not path.is_relative_to(folder) or not path.is_file():
        raise web.HTTPNotFound
    return path
