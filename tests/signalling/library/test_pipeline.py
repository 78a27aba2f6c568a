"""Files of all sorts through a worker process: a report, or clear words in bounded time and memory."""

import asyncio
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from signalling.library.pipeline import contact_sheet
from signalling.library.pipeline.job import Bounds, FailureCode, Job
from signalling.library.pipeline.supervisor import PreparationFailed, prepare

from .clips import flashing, plain, real_film, tone, write_film
from .jobs import refused, run


def written(folder: Path) -> tuple[int, int]:
    """Another one when the report is written anew."""
    found = (folder / "report.json").stat()
    return found.st_ino, found.st_mtime_ns


async def test_a_real_film_gets_a_report_and_a_contact_sheet(tmp_path: Path) -> None:
    told = await run(real_film("bigbuckbunny"), tmp_path / "job")
    report = json.loads((tmp_path / "job" / "report.json").read_bytes())
    assert report["acceptable"] and (report["width"], report["height"]) == (1280, 720)
    assert report["loudness"]["integrated"] == pytest.approx(-34, abs=1)
    assert (tmp_path / "job" / "contact-sheet.jpg").read_bytes().startswith(b"\xff\xd8")
    assert told and all(0 <= one.done <= 1 for one in told)
    assert not list((tmp_path / "job").glob(".*"))


async def test_findings_come_with_pictures(tmp_path: Path) -> None:
    await run(write_film(tmp_path / "f.mp4", 2, flashing(6), tone(2)), tmp_path / "job")
    report = json.loads((tmp_path / "job" / "report.json").read_bytes())
    assert not report["acceptable"] and report["evidence"]
    assert all((tmp_path / "job" / one["file"]).exists() for one in report["evidence"])


async def test_silence_is_valid_json(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mp4", 1, sound=np.zeros((2, 48_000), dtype=np.float32))
    await run(path, tmp_path / "job")
    text = (tmp_path / "job" / "report.json").read_text()
    assert "Infinity" not in text and json.loads(text)["loudness"]["integrated"] is None


async def test_renditions_are_made_after_the_checks(tmp_path: Path) -> None:
    path, folder = write_film(tmp_path / "f.mp4", 1, sound=tone(1)), tmp_path / "job"
    await run(path, folder)
    before = written(folder)
    # The worker died here: another one goes on.
    await prepare(Job(source=path, folder=folder), lambda _: None)
    assert written(folder) == before
    listing = json.loads((folder / "renditions.json").read_bytes())
    assert all((folder / one["file"]).stat().st_size == one["size"] for one in listing["renditions"])
    kinds = {one["kind"] for one in listing["renditions"]}
    assert kinds == {"vp8", "opus", "h264", "cmaf-h264", "cmaf-aac"}


async def test_nothing_is_made_of_a_film_that_is_refused(tmp_path: Path) -> None:
    job = Job(source=write_film(tmp_path / "f.mp4", 2, flashing(6)), folder=tmp_path / "job")
    await prepare(job, lambda _: None)
    assert not (tmp_path / "job" / "renditions.json").exists()


async def test_what_is_finished_is_not_made_again(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mp4", 1)
    await run(path, tmp_path / "job")
    before = written(tmp_path / "job")
    await run(path, tmp_path / "job")
    assert written(tmp_path / "job") == before


@pytest.mark.parametrize(
    "name", ["-i.mp4", "film%03d.mp4", "concat:a|b.mp4", "a'; rm -rf x.mp4", "ф и льм\n.mp4", "http:..x.mp4"]
)
async def test_hostile_names_are_only_names(tmp_path: Path, name: str) -> None:
    path = write_film(tmp_path / "f.mp4", 0.4).rename(tmp_path / name)
    await run(path, tmp_path / "job")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        os.urandom(100_000),
        b"GIF89a" + bytes(1000),
        b"PK\3\4" + bytes(1000),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
    ],
)
async def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    assert await refused(path, tmp_path / "job") in (FailureCode.NOT_A_FILM, FailureCode.NOTHING_INSIDE)


async def test_a_file_that_is_gone(tmp_path: Path) -> None:
    assert await refused(tmp_path / "none.mp4", tmp_path / "job") is FailureCode.NOT_A_FILM


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.75])
async def test_truncated_films_are_refused_or_told_short(tmp_path: Path, share: float) -> None:
    whole = write_film(tmp_path / "f.mkv", 6).read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: int(len(whole) * share)])
    try:
        await run(path, tmp_path / "job")
    except PreparationFailed as failure:
        code = failure.code
    else:
        report = json.loads((tmp_path / "job" / "report.json").read_bytes())
        code = next(one["code"] for one in report["findings"] if one["severity"] == "error")
    assert code in ("not_a_film", "damaged", "nothing_inside", "no_pictures", "truncated")


async def test_an_mp4_without_its_end_is_no_film(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mp4", 1)
    path.write_bytes(path.read_bytes()[:-2000])
    assert await refused(path, tmp_path / "job") is FailureCode.NOT_A_FILM


async def test_8k_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mp4", 0.04, lambda _: plain((9, 9, 9), 7680, 4320))
    assert await refused(path, tmp_path / "job") is FailureCode.TOO_LARGE


async def test_ten_hours_are_refused(tmp_path: Path) -> None:
    """An hour of silence is a small file; the bound is lower here."""
    path = tmp_path / "long.flac"
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=8000, layout="mono")
        for start in range(0, 36_000 * 8000 // 100, 8000):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 8000), dtype=np.int16), format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts = 8000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert await refused(path, tmp_path / "job", longest=300) is FailureCode.TOO_LONG


async def test_a_film_that_lies_about_its_length_is_refused_while_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "lie.mkv"
    write_film(path, 4)
    data = path.read_bytes()
    where = data.index(b"\x44\x89\x88")  # Segment Duration, 8 bytes
    path.write_bytes(data[: where + 3] + np.array([500.0], dtype=">f8").tobytes() + data[where + 11 :])
    assert await refused(path, tmp_path / "job", longest=2) is FailureCode.TOO_LONG


async def test_a_flood_of_pictures_is_refused(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mp4", 1, fps=400)
    assert await refused(path, tmp_path / "job") is FailureCode.TOO_MANY_PICTURES


async def test_one_picture_without_a_rate_is_a_film_of_one_picture(tmp_path: Path) -> None:
    await run(write_film(tmp_path / "f.mp4", 0.04), tmp_path / "job")
    report = json.loads((tmp_path / "job" / "report.json").read_bytes())
    assert report["frame_rate"] == 0


async def test_memory_is_bounded(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mp4", 0.2, lambda _: plain((9, 9, 9), 4096, 2304))
    code = await refused(path, tmp_path / "job", memory=400 << 20)
    assert code in (FailureCode.TOO_MUCH_MEMORY, FailureCode.CRASHED, FailureCode.DAMAGED)


def program(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("import os; os.abort()", FailureCode.CRASHED),
        ("print('{}')", FailureCode.CRASHED),
        ("print('x' * 100_000)", FailureCode.CRASHED),
        ("", FailureCode.CRASHED),
        ("import signal, os; os.kill(os.getpid(), signal.SIGXCPU)", FailureCode.TOO_MUCH_TIME),
        ("import signal; signal.pause()", FailureCode.STALLED),
    ],
)
async def test_a_worker_that_goes_wrong_has_a_word_for_it(
    tmp_path: Path, text: str, code: FailureCode
) -> None:
    job = Job(source=tmp_path / "f", folder=tmp_path, bounds=Bounds(stalled=2))
    with pytest.raises(PreparationFailed) as failure:
        await prepare(job, lambda _: None, command=program(text))
    assert failure.value.code is code


async def test_time_is_bounded(tmp_path: Path) -> None:
    busy = """
import time
while True:
    print('{"type": "progress", "step": "x", "done": 0}', flush=True)
    time.sleep(0.01)
"""
    job = Job(source=tmp_path / "f", folder=tmp_path, bounds=Bounds(time=0.5))
    with pytest.raises(PreparationFailed) as failure:
        await prepare(job, lambda _: None, command=program(busy))
    assert failure.value.code is FailureCode.TOO_MUCH_TIME


async def test_a_cancelled_preparation_leaves_no_process(tmp_path: Path) -> None:
    first = asyncio.Event()
    pid = tmp_path / "pid"
    text = f"""
import os, signal
open({str(pid)!r}, 'w').write(str(os.getpid()))
print('{{"type": "progress", "step": "x", "done": 0}}', flush=True)
signal.pause()
"""
    job = Job(source=tmp_path / "f", folder=tmp_path)
    task = asyncio.create_task(prepare(job, lambda _: first.set(), command=program(text)))
    await asyncio.wait_for(first.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize("seconds", [1, 30, 3600])
def test_a_contact_sheet_covers_the_whole_film(seconds: int) -> None:
    import cv2

    sheet = contact_sheet.ContactSheet()
    for number in range(seconds * 2):
        level = int(255 * number / (seconds * 2))
        sheet.add(number / 2, plain((level, level, level), 64, 36))
    page = sheet.jpeg()
    assert page is not None
    pixels = cv2.imdecode(np.frombuffer(page, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels[5, 5] < 10
    if seconds > 20:
        assert pixels.shape == (4 * 144, 5 * 256)
        assert pixels[-5, -5] > 225
