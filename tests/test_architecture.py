"""Import directions as ARCHITECTURE.md says, read from the sources."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def imports(path: Path) -> set[str]:
    """Absolute names that a module imports; relative ones are resolved."""
    package = list(path.relative_to(ROOT).with_suffix("").parts)[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def modules(folder: str) -> list[Path]:
    return [path for path in (ROOT / folder).rglob("*.py") if "dataplane" not in path.parts]


def importers(folder: str, name: str) -> set[str]:
    prefix = f"{name}."
    return {
        str(path.relative_to(ROOT))
        for path in modules(folder)
        if any(found == name or found.startswith(prefix) for found in imports(path))
    }


def test_media_server_does_not_know_signalling() -> None:
    assert len(modules("mediaserver")) > 15
    assert not importers("mediaserver", "signalling")


def test_only_the_engine_knows_the_data_plane() -> None:
    assert importers("mediaserver", "mediaserver._dataplane") == {"mediaserver/engine.py"}
    # The preflight asks the binary for its version, nothing else.
    assert importers("signalling", "mediaserver._dataplane") <= {"signalling/check.py"}


def test_only_the_adapter_knows_aiortc() -> None:
    assert importers("mediaserver", "aiortc") == {"mediaserver/aiortc_adapter.py"}
    assert not importers("signalling", "aiortc")


def test_livekit_protobufs_stay_in_signalling_rtc() -> None:
    assert not importers("mediaserver", "livekit")
    assert all(path.startswith("signalling/rtc/") for path in importers("signalling", "livekit"))


def test_the_database_knows_nothing_above_it() -> None:
    for name in ("aiohttp", "livekit", "mediaserver", "signalling.rtc", "signalling.pages", "signalling.app"):
        assert not importers("signalling/store", name)


def test_sql_stays_in_the_store_and_the_school() -> None:
    allowed = (
        "signalling/store/",
        "signalling/school/",
        "signalling/admin.py",
        "signalling/lesson_records.py",
    )
    for name in ("sqlalchemy", "alembic", "asyncpg"):
        assert all(path.startswith(allowed) for path in importers("signalling", name))


def test_the_school_knows_no_http_and_no_media() -> None:
    domain = {path for path in modules("signalling/school") if "api" not in path.parts}
    assert len(domain) > 10
    for name in (
        "aiohttp",
        "livekit",
        "signalling.pages",
        "signalling.app",
        "signalling.rtc",
        "signalling.call",
    ):
        found = importers("signalling/school", name)
        assert all(path.startswith("signalling/school/api/") for path in found), (name, found)


def test_the_door_is_pure() -> None:
    allowed = ("collections.abc", "dataclasses", "enum", "types", "signalling.school.")
    assert all(name.startswith(allowed) for name in imports(ROOT / "signalling/school/door.py"))


def test_control_of_calls_is_above_the_protocol_and_below_the_school() -> None:
    for below in ("mediaserver", "signalling/rtc", "signalling/whip"):
        assert not importers(below, "signalling.call")
    for above in ("signalling.school", "signalling.store", "signalling.pages", "signalling.app"):
        assert not importers("signalling/call", above)


def test_films_are_decoded_and_counted_in_the_library_alone() -> None:
    counting = {f"mediaserver/{name}.py" for name in ("statistics", "resting_lines", "connection_quality")}
    for name in ("av", "cv2", "numpy"):
        for folder in ("signalling", "mediaserver"):
            elsewhere = {
                path for path in importers(folder, name) if not path.startswith("signalling/library/")
            }
            assert elsewhere <= (counting if name == "numpy" else set())


def test_the_library_knows_no_http_no_calls_and_no_people() -> None:
    for name in (
        "aiohttp",
        "livekit",
        "mediaserver.room",
        "signalling.rtc",
        "signalling.call",
        "signalling.school",
    ):
        assert not importers("signalling/library", name)
    for name in ("asyncio", "av"):
        assert not importers("signalling/library/checks", name)
