"""Films that the pipeline has prepared, shown in a call to libwebrtc viewers: what arrives, and when."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from signalling.library.media_types import Sort
from signalling.library.pages.preparing import encode_pages
from signalling.library.pipeline.job import Job
from signalling.library.sealing.manifest import manifest_of
from tests.signalling.library.clips import Rgb, write_film
from tests.signalling.library.made_pages import COLOURS, SLIDE, pdf

from .cinema import HOST, Cinema, Prepared, cinema, prepare
from .film import CLIP, Film, _thumbnail
from .sdk import HEIGHT, RATE, Image, Received, number_of, picture, ssim

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.timeout(180)]
FPS, SECONDS = 20, 24
MIN_SSIM, MIN_SOUND = 0.98, 0.8
#: libwebrtc's decoder of VP8 mixes a keyframe with the picture before it, so that the quality does not jump (VP8_MFQE).
KEYFRAME_EVERY, MIN_KEYFRAME_SSIM = 25, 0.9
#: Of a film that begins, until its tracks are subscribed.
MAX_MISSED_S = 0.5
MAX_SKEW_S = 0.1
#: From the subscription to the first picture.
FIRST_PICTURE_S = 0.5
#: From the server's clock to the screen: network, jitter buffer, decoder.
MAX_DELAY_S = 0.6
#: aiortc shows a picture when the next one begins, libwebrtc after its jitter buffer.
MAX_PLAYERS_APART_S = 0.25
#: Until somebody sees a picture in a codec that nobody took before: its next second, which has to be read.
MAX_BEGIN_S = 2.0
CHANCES = 3


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Big Buck Bunny, 720p and two layers below."""
    folder = tmp_path_factory.mktemp("real") / "real"
    return Prepared(prepare(CLIP, folder, KEYFRAME_EVERY), folder)


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Each picture says its number."""
    folder = tmp_path_factory.mktemp("numbered")

    def paint(time: float) -> Rgb:
        return picture(round(time * FPS))

    times = np.arange(SECONDS * RATE) / RATE
    tone = (0.2 * np.sin(2 * np.pi * 440 * times))[np.newaxis].astype(np.float32)
    source = write_film(folder / "numbered.mp4", SECONDS, paint, tone, fps=FPS)
    return Prepared(prepare(source, folder / "numbered", FPS, h264=True), folder / "numbered")


async def test_what_viewers_see_and_hear_is_what_was_prepared(real: Prepared, tmp_path: Path) -> None:
    pictures, sound = real.pictures(), real.sound()
    best = max(pictures)
    thumbnails = np.stack([_thumbnail(image) for image in pictures[best]])
    clip = Film(pictures[best], sound, thumbnails)
    async with cinema(tmp_path) as shown:
        call = shown.open("lesson")
        shown.add(real)
        async with shown.viewer(HOST, "lesson"), shown.viewer("family:1:a", "lesson") as (_, received):
            for _ in range(CHANCES):
                del received.pictures[:], received.sound[:]
                await shown.command(call, "film_play", content="real")
                await until(lambda: bool(call.state.films.film and call.state.films.film.ended), 30)
                await asyncio.sleep(1)  # what is still in the viewer's buffers
                whole = sum(image.shape[0] == best for image in received.pictures)
                heard = received.speech()
                begins, _ = clip.position_of(heard)
                correlation = clip.second_by_second(heard, begins)
                if whole > 0.8 * len(clip.pictures) and correlation > MIN_SOUND:
                    break
    seen = [(image, clip.find(image)) for image in received.pictures[::4]]
    likenesses = [(number, likeness(pictures[image.shape[0]], number, image)) for image, number in seen]
    assert whole > 0.8 * len(clip.pictures), "the film is shown at its full size"
    assert min(value for _, value in likenesses) >= MIN_KEYFRAME_SSIM, likenesses
    between = [value for number, value in likenesses if not is_at_keyframe(number)]
    assert np.percentile(between, 5) >= MIN_SSIM, likenesses
    assert correlation > MIN_SOUND and begins > -MAX_MISSED_S, begins


def is_at_keyframe(number: int) -> bool:
    """What a keyframe was mixed with may be what it is most like."""
    return (number + 1) % KEYFRAME_EVERY <= 2


def likeness(prepared: list[Image], number: int, image: Image) -> float:
    """With the most alike of the pictures about this one: neighbours are hard to tell apart by their thumbnails."""
    return max(ssim(other, image) for other in prepared[max(0, number - 2) : number + 3])


async def test_all_viewers_are_at_the_same_position(numbered: Prepared, tmp_path: Path) -> None:
    async with cinema(tmp_path) as shown, AsyncExitStack() as everybody:
        call = shown.open("lesson")
        shown.add(numbered)
        await everybody.enter_async_context(shown.viewer(HOST, "lesson"))
        viewers: list[Received] = []
        for name in ("a", "b", "c"):
            _, received = await everybody.enter_async_context(shown.viewer(f"family:{name}:x", "lesson"))
            viewers.append(received)
        await shown.command(call, "film_play", content="numbered")
        for received in viewers:
            await received.until(lambda r=received: len(r.pictures) > 3 * FPS, "pictures")
        delays = [shown.position_s(call) - number_of(received.pictures[-1]) / FPS for received in viewers]
        assert all(-0.1 <= delay <= MAX_DELAY_S for delay in delays), delays
        assert skew_s(viewers) < MAX_SKEW_S

        await shown.command(call, "film_pause")
        await asyncio.sleep(1)
        stands = shown.position_s(call)
        last = [number_of(received.pictures[-1]) for received in viewers]
        assert last == [round(stands * FPS)] * 3, "everybody where it will go on"
        late = [await late_s(shown, everybody, f"family:late{n}:x", round(stands * FPS)) for n in range(3)]
        assert np.median(late) < FIRST_PICTURE_S, late

        await shown.command(call, "film_seek", position_s=8.3)
        await asyncio.sleep(1)
        assert shown.position_s(call) == 8
        assert [number_of(received.pictures[-1]) for received in viewers] == [8 * FPS] * 3
        await shown.command(call, "film_play")
        late = [await late_s(shown, everybody, f"family:later{n}:x", 8 * FPS) for n in range(3)]
        assert np.median(late) < FIRST_PICTURE_S, late
        _, newcomer = await everybody.enter_async_context(shown.viewer("family:last:x", "lesson"))
        # What was in memory comes first; a second later everybody is in step.
        await newcomer.until(lambda: len(newcomer.pictures) > 2 * FPS, "pictures")
        assert shown.position_s(call) > 8 and skew_s([*viewers, newcomer]) < MAX_SKEW_S

        count = len(viewers[0].pictures)
        await shown.command(call, "film_stop")
        await viewers[0].until(lambda: "unpublished" in viewers[0].events, "the end")
        assert len(viewers[0].pictures) - count < FPS and not call.room.tracks  # type: ignore[union-attr]


async def test_who_takes_only_h264_is_in_step_with_all_others(numbered: Prepared, tmp_path: Path) -> None:
    prepared = numbered.pictures("h264")[HEIGHT]
    async with cinema(tmp_path) as shown, AsyncExitStack() as everybody:
        call = shown.open("lesson")
        shown.add(numbered)
        await everybody.enter_async_context(shown.viewer(HOST, "lesson"))
        _, viewer = await everybody.enter_async_context(shown.viewer("family:a:x", "lesson"))
        await shown.command(call, "film_play", content="numbered")
        await viewer.until(lambda: len(viewer.pictures) > FPS, "pictures")
        came = shown.position_s(call)
        _, screen = await everybody.enter_async_context(shown.h264_player("screen", "lesson"))
        await screen.until(lambda: len(screen.pictures) > 3 * FPS, "pictures in H.264")
        first = number_of(screen.pictures[0])
        assert first % FPS == 0 and first / FPS - came < MAX_BEGIN_S
        assert skew_s([viewer, screen]) < MAX_PLAYERS_APART_S
        whole = [image for image in screen.pictures if image.shape[0] == HEIGHT]
        assert len(whole) > 2 * FPS
        assert min(ssim(prepared[number_of(image)], image) for image in whole[::5]) >= MIN_SSIM
        numbers = [number_of(image) for image in viewer.pictures]
        assert numbers == sorted(set(numbers)), "others see each picture once"

        await shown.command(call, "film_seek", position_s=12.3)
        await shown.command(call, "film_pause")
        _, late = await everybody.enter_async_context(shown.h264_player("late", "lesson"))
        await late.until(lambda: bool(late.pictures), "the picture that stands")
        stands = round(shown.position_s(call) * FPS)
        assert {number_of(image) for image in late.pictures} == {stands}
        assert number_of(viewer.pictures[-1]) == stands
        await shown.command(call, "film_play")
        await late.until(lambda: len(late.pictures) > 1.5 * FPS, "pictures in H.264")
        assert skew_s([viewer, screen, late]) < MAX_PLAYERS_APART_S


async def test_pages_are_seen_at_once_by_all_and_by_who_comes_later(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "source").write_bytes(pdf([SLIDE] * 3))
    encode_pages(Job(source=folder / "source", folder=folder), lambda done: None, sort=Sort.DOCUMENT)
    prepared = Prepared(manifest_of("pages", {}, folder / "source", folder), folder)
    async with cinema(tmp_path) as shown, AsyncExitStack() as everybody:
        call = shown.open("lesson")
        shown.add(prepared, pages=3)
        await everybody.enter_async_context(shown.viewer(HOST, "lesson"))
        _, viewer = await everybody.enter_async_context(shown.viewer("family:a:x", "lesson"))
        await shown.command(call, "film_play", content="pages")
        await viewer.until(lambda: page_seen(viewer) == 0, "the first page")
        _, screen = await everybody.enter_async_context(shown.h264_player("screen", "lesson"))
        await screen.until(lambda: page_seen(screen) == 0, "the first page in H.264")
        for page in (1, 2, 0, 1):
            await shown.command(call, "film_seek", position_s=page)
            await viewer.until(lambda wanted=page: page_seen(viewer) == wanted, f"page {page}")
        await viewer.until(lambda: viewer.pictures[-1].shape[:2] == (1080, 1920), "a page of full size")
        # aiortc lets a picture go when the next one begins.
        await screen.until(lambda: pages_seen(screen) == [0, 1, 2, 0], "every page in H.264")
        assert screen.pictures[-1].shape[:2] == (1080, 1920)
        _, late = await everybody.enter_async_context(shown.viewer("family:late:x", "lesson"))
        await late.until(lambda: bool(late.pictures), "a picture")
        assert {colour_of(image) for image in late.pictures} == {1}, "only the page that stands"


def page_seen(received: Received) -> int | None:
    """The page of the last picture, by its colour."""
    return colour_of(received.pictures[-1]) if received.pictures else None


def pages_seen(received: Received) -> list[int]:
    """One after the other."""
    return [page for page, _ in itertools.groupby(map(colour_of, received.pictures))]


def colour_of(image: Image) -> int:
    """The page of `made_pages` whose colour this is nearest to."""
    middle = image[image.shape[0] // 2, image.shape[1] // 2].astype(float) / 255
    return int(np.argmin([np.abs(middle - colour).sum() for colour in COLOURS]))


async def late_s(shown: Cinema, everybody: AsyncExitStack, identity: str, at_least: int) -> float:
    """How long after it was subscribed somebody who comes now sees the picture."""
    room, received = await everybody.enter_async_context(shown.viewer(identity, "lesson"))
    began: list[float] = []
    loop = asyncio.get_running_loop()
    if "subscribed" in received.events:
        began.append(loop.time())
    room.on("track_subscribed", lambda *_: began.append(loop.time()))
    await received.until(lambda: bool(received.pictures), "a picture")
    assert number_of(received.pictures[0]) >= at_least
    return received.pictures_at[0] - began[0]


def skew_s(viewers: list[Received]) -> float:
    """By how much the same picture comes later to one than to another, at most of all pairs, over the last pictures."""
    seen = [
        {number_of(image): at for image, at in zip(r.pictures[-40:], r.pictures_at[-40:], strict=True)}
        for r in viewers
    ]
    common = set.intersection(*(set(times) for times in seen))
    assert len(common) > 10
    return float(np.median([max(s[n] for s in seen) - min(s[n] for s in seen) for n in common]))


async def until(holds: Callable[[], bool], timeout_s: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while not holds():
        assert loop.time() < deadline
        await asyncio.sleep(0.1)  # the film takes its time
