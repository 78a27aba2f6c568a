"""Opus in session descriptions (RFC 7587, section 6): what publishers are asked for, what receivers are told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .sdp import RtpCodec

if TYPE_CHECKING:
    from .publication import SectionMatch

Parameters = tuple[tuple[str, str], ...]
#: Told to publishers whatever they offered: FEC lets a decoder conceal single losses.
ANSWER: Parameters = (("minptime", "10"), ("useinbandfec", "1"))
#: What a publisher says of its own stream, or of what it would like to receive.
MIRRORED = ("stereo", "sprop-stereo", "usedtx", "maxaveragebitrate")
#: The most that RFC 7587 allows (bit/s): an encoder keeps to the rate that its application chose, not to a default for
#: two channels.
STEREO: Parameters = (("stereo", "1"), ("maxaveragebitrate", "510000"))
DTX: Parameters = (("usedtx", "1"),)


@dataclass(frozen=True, slots=True)
class OpusOptions:
    """How a publisher has announced its sound: two channels; silence that is not sent."""

    stereo: bool = False
    dtx: bool = True


def options_of(match: SectionMatch) -> dict[str, OpusOptions]:
    """mid -> what the track in this section was announced with."""
    streams = {**match.kept, **match.new}
    settings = {mid: stream.track.settings for mid, stream in streams.items() if stream.kind == "audio"}
    return {mid: OpusOptions(stereo=s.stereo, dtx=not s.disable_dtx) for mid, s in settings.items()}


def answered(offered: RtpCodec, options: OpusOptions | None) -> RtpCodec:
    """Our answer to a publisher. Encoders follow it: without `usedtx` they send silence too, without `stereo` one
    channel. Of a section that nobody announced its own wishes are mirrored."""
    if offered.name != "OPUS":
        return offered
    if options is None:
        wanted = tuple((key, value) for key, value in offered.parameters if key in MIRRORED)
    else:
        wanted = (STEREO if options.stereo else ()) + (DTX if options.dtx else ())
    return replace(offered, parameters=ANSWER + wanted)


def sent(codec: RtpCodec, *, stereo: bool) -> RtpCodec:
    """What a receiver is told: only with `sprop-stereo` do clients decode two channels."""
    if codec.name != "OPUS":
        return codec
    plain = tuple((key, value) for key, value in codec.parameters if key not in MIRRORED)
    return replace(codec, parameters=plain + ((("sprop-stereo", "1"),) if stereo else ()))


def is_stereo(options: Mapping[str, OpusOptions], mid: str) -> bool:
    return mid in options and options[mid].stereo
