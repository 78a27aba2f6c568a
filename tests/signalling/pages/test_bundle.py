"""The web bundle: the page, its assets, caching, and no way out of the folder."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from signalling.pages.bundle import ASSET_CACHE, Bundle, file_below

Http = TestClient[web.Request, web.Application]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "bundle"
    (made / "assets").mkdir(parents=True)
    (made / "index.html").write_text("the page")
    (made / "icon.svg").write_text("<svg/>")
    (made / ".built").write_text("a stamp")
    (made / "assets" / "index-1.js").write_text("code")
    (tmp_path / "secret").write_text("a secret")
    (made / "assets" / "link").symlink_to(tmp_path / "secret")
    return made


@pytest.fixture
async def http(folder: Path) -> AsyncIterator[Http]:
    application = web.Application()
    application.add_routes(Bundle(folder).routes())
    async with TestClient(TestServer(application)) as client:
        yield client


async def answer(http: Http, path: str) -> tuple[int, str, str | None]:
    async with http.get(URL(path, encoded=True)) as response:
        return response.status, await response.text(), response.headers.get("Cache-Control")


@pytest.mark.parametrize("path", ["/", "/l/anycode", "/operator"])
async def test_one_page_that_is_always_asked_for(http: Http, path: str) -> None:
    assert await answer(http, path) == (200, "the page", "no-cache")


async def test_assets_never_change(http: Http) -> None:
    assert await answer(http, "/assets/index-1.js") == (200, "code", ASSET_CACHE)


async def test_files_beside_the_page(http: Http) -> None:
    assert await answer(http, "/icon.svg") == (200, "<svg/>", "no-cache")


async def test_what_has_not_changed_is_not_sent_again(http: Http) -> None:
    async with http.get("/icon.svg") as first:
        known = {"If-None-Match": first.headers["ETag"]}
    async with http.get("/icon.svg", headers=known) as second:
        assert second.status == 304


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../secret",
        "/assets/..%2f..%2fsecret",
        "/assets/%2e%2e/%2e%2e/secret",
        "/assets/..%2findex.html",  # it would be kept for a year
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/link",
        "/assets/%00",
        "/assets/index-1.js%00.png",
        "/assets/index-1.js/x",
        "/assets/" + "a" * 300,
        "/assets/.",
        "/assets/nothing.js",
        "/..%2fsecret",
        "/.built",
        "/assets",
        "/nothing",
        "/l/code/more",
    ],
)
async def test_nothing_else_is_found(http: Http, path: str) -> None:
    status, text, cache = await answer(http, path)
    assert status == 404 and "secret" not in text and cache is None


@settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=300,
)
@given(
    st.lists(
        st.sampled_from(["..", ".", "assets", "secret", "link", "index-1.js", "\0", "", "é"]), max_size=6
    )
)
def test_no_path_leaves_the_folder(folder: Path, parts: list[str]) -> None:
    with contextlib.suppress(web.HTTPNotFound):
        assert file_below(folder / "assets", "/".join(parts)) == folder / "assets" / "index-1.js"


async def test_a_missing_bundle_says_what_to_do(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path)
    assert not bundle.present
    application = web.Application()
    application.add_routes(bundle.routes())
    async with TestClient(TestServer(application)) as client:
        status, text, _ = await answer(client, "/")
        assert status == 503 and "make run" in text
