"""Session descriptions (RFC 8866, RFC 8829): text to typed lines and back.

aiortc's own model drops simulcast, RIDs and extmap-allow-mixed, so the lines are kept here as they are and read by
typed accessors. Strict where a mistake would break the call, tolerant of attributes that nobody here knows.
"""

import re
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

MAX_BYTES = 262_144
MAX_SECTIONS = 1024
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_LINE = re.compile(r"([a-z])=(.*)")
_MEDIA = re.compile(r"(audio|video|application|text|message) (\d{1,5})(?:/\d+)? (\S+) (\S.*)")
_RTPMAP = re.compile(r"(\d{1,3}) ([A-Za-z0-9_.-]+)/(\d{1,9})(?:/(\d{1,3}))?")
_EXTMAP = re.compile(r"(\d{1,3})(?:/[a-z]+)? (\S+)")
_SSRC = re.compile(r"(\d{1,10}) ([A-Za-z-]+)(?::(.*))?")
_NUMBER = re.compile(r"[0-9]{1,20}")


def number(text: str) -> int | None:
    """An unsigned number; None: the text is something else. (`str.isdigit` takes "²", which `int` refuses.)"""
    return int(text) if _NUMBER.fullmatch(text) else None


class SdpError(ValueError):
    """A description that cannot be used; `line` counts from 1, 0 where no line is at fault."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.reason = reason
        self.line = line


Attribute = tuple[str, str | None]


@dataclass
class Attributes:
    """`a=` lines of the session or of a section, in order."""

    attributes: list[Attribute] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        """The value of the first attribute with this name; "" for a flag."""
        return next((value or "" for found, value in self.attributes if found == name), None)

    def get_all(self, name: str) -> list[str]:
        """All values of this name, in order."""
        return [value or "" for found, value in self.attributes if found == name]

    def add(self, name: str, value: str | None = None) -> None:
        """Appends an attribute."""
        self.attributes.append((name, value))


@dataclass(frozen=True, slots=True, weakref_slot=True)
class RtpCodec:
    """One payload type with its parameters."""

    payload_type: int
    mime_type: str
    clock_rate: int
    channels: int = 1
    parameters: tuple[tuple[str, str], ...] = ()
    feedback: tuple[str, ...] = ()
    rtx_payload_type: int | None = None

    @property
    def kind(self) -> str:
        """`audio` or `video`."""
        return self.mime_type.partition("/")[0].lower()

    @property
    def name(self) -> str:
        """Encoding name, upper case."""
        return self.mime_type.partition("/")[2].upper()

    def parameter(self, name: str, default: str = "") -> str:
        """A value of the `a=fmtp` line."""
        return dict(self.parameters).get(name, default)

    @property
    def fmtp(self) -> str:
        """The parameters as they are written."""
        return ";".join(f"{key}={value}" if value else key for key, value in self.parameters)


@dataclass
class MediaSection(Attributes):
    """One m-line with what follows it."""

    kind: str = "audio"
    port: int = 9
    protocol: str = "UDP/TLS/RTP/SAVPF"
    formats: list[str] = field(default_factory=list)
    line: int = 0
    bandwidth_bps: int = 0
    """What the peer may send at most; 0: nothing is said. Written, never read."""

    @property
    def mid(self) -> str:
        """`a=mid` (RFC 5888)."""
        return self.get("mid") or ""

    @property
    def direction(self) -> str:
        """sendrecv where nothing is said (RFC 8866, section 6.7)."""
        return next((name for name, _ in self.attributes if name in DIRECTIONS), "sendrecv")

    @property
    def rejected(self) -> bool:
        """Port zero, unless the section only waits for its bundle (RFC 8843, section 6)."""
        return self.port == 0 and self.get("bundle-only") is None

    @property
    def msid(self) -> tuple[str, str]:
        """Stream and track id of the first `a=msid`, or of an `a=ssrc` line."""
        value = self.get("msid")
        if value is None:
            value = next((v for _, name, v in self.ssrc_lines() if name == "msid"), "- ")
        stream, _, track = value.partition(" ")
        return stream, track.strip()

    @property
    def extensions(self) -> list[tuple[str, int]]:
        """(URI, id) of `a=extmap` (RFC 8285)."""
        found = []
        for value in self.get_all("extmap"):
            match = _EXTMAP.match(value)
            if match and 1 <= int(match[1]) <= 255:
                found.append((match[2], int(match[1])))
        return found

    @property
    def send_rids(self) -> list[str]:
        """RIDs in the order of `a=simulcast:send`, paused ones included; without alternatives (RFC 8853)."""
        value = self.get("simulcast") or ""
        match = re.search(r"send (\S+)", value)
        known = [rid.split(" ")[0] for rid in self.get_all("rid") if re.match(r"\S+ send", rid)]
        if not match:
            return known
        listed = [alternatives.split(",")[0].lstrip("~") for alternatives in match[1].split(";")]
        return [rid for rid in listed if rid in known]

    def ssrc_lines(self) -> list[tuple[int, str, str]]:
        """(SSRC, attribute, value) of `a=ssrc` (RFC 5576)."""
        found = []
        for value in self.get_all("ssrc"):
            match = _SSRC.match(value)
            if match and int(match[1]) < 2**32:
                found.append((int(match[1]), match[2], match[3] or ""))
        return found

    def ssrcs(self) -> list[int]:
        """SSRCs without repetition, in order."""
        return list(dict.fromkeys(ssrc for ssrc, _, _ in self.ssrc_lines()))

    def ssrc_groups(self, semantics: str) -> list[list[int]]:
        """`a=ssrc-group` of these semantics (FID, SIM)."""
        groups = []
        for value in self.get_all("ssrc-group"):
            name, *listed = value.split() or [""]
            ssrcs = [ssrc for text in listed if (ssrc := number(text)) is not None and ssrc < 2**32]
            if name == semantics and len(ssrcs) == len(listed):
                groups.append(ssrcs)
        return groups

    def codecs(self) -> list[RtpCodec]:
        """Codecs in the order of the formats, each with its retransmission type (RFC 4588)."""
        rates: dict[int, tuple[str, int, int]] = {}
        for value in self.get_all("rtpmap"):
            match = _RTPMAP.match(value)
            if match and int(match[1]) <= 127 and int(match[3]) > 0:
                rates[int(match[1])] = match[2], int(match[3]), int(match[4] or 1)
        parameters = {t: _parameters(text) for t, text in self._numbered("fmtp")}
        order = [t for text in self.formats if (t := number(text)) is not None and t in rates]
        rtx = {dict(parameters.get(t, ())).get("apt"): t for t in order if rates[t][0].lower() == "rtx"}
        feedback = self._feedback()
        return [
            _shared(
                t,
                f"{self.kind}/{rates[t][0]}",
                rates[t][1],
                rates[t][2],
                parameters.get(t, ()),
                tuple(text for of, text in feedback if of in (t, None)),
                rtx.get(str(t)),
            )
            for t in order
            if rates[t][0].lower() != "rtx"
        ]

    def _numbered(self, name: str) -> list[tuple[int, str]]:
        found = []
        for value in self.get_all(name):
            first, _, text = value.partition(" ")
            if (payload_type := number(first)) is not None and payload_type <= 127:
                found.append((payload_type, text.strip()))
        return found

    def _feedback(self) -> list[tuple[int | None, str]]:
        everything = [
            (None, value[2:].strip()) for value in self.get_all("rtcp-fb") if value.startswith("* ")
        ]
        return [*self._numbered("rtcp-fb"), *everything]


_Fields = tuple[int, str, int, int, tuple[tuple[str, str], ...], tuple[str, ...], int | None]
_known: WeakValueDictionary[_Fields, RtpCodec] = WeakValueDictionary()


def _shared(*fields: *_Fields) -> RtpCodec:
    """The same object for all who say the same: a thousand browsers name the same twenty codecs."""
    found = _known.get(fields)
    if found is None:
        found = _known[fields] = RtpCodec(*fields)
    return found


def _parameters(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.strip().partition("=") for part in text.split(";") if part.strip())
    return tuple((key, value) for key, _, value in pairs)


@dataclass
class SessionDescription(Attributes):
    """A whole description."""

    origin: str = "- 0 0 IN IP4 127.0.0.1"
    media: list[MediaSection] = field(default_factory=list)

    def lookup(self, section: MediaSection, name: str) -> str | None:
        """An attribute of the section, else of the session."""
        value = section.get(name)
        return value if value is not None else self.get(name)

    def __str__(self) -> str:
        lines = ["v=0", f"o={self.origin}", "s=-", "t=0 0", *_attribute_lines(self)]
        for section in self.media:
            lines.append(f"m={section.kind} {section.port} {section.protocol} {' '.join(section.formats)}")
            lines.append("c=IN IP4 0.0.0.0")
            lines.extend(_bandwidth_lines(section.bandwidth_bps))
            lines.extend(_attribute_lines(section))
        return "\r\n".join([*lines, ""])


def _bandwidth_lines(bits_per_second: int) -> list[str]:
    """RFC 3890 for those who know it (Firefox); the older AS counts IP and UDP in kbit/s (RFC 8866, section 5.8)."""
    if not bits_per_second:
        return []
    return [f"b=AS:{-(-bits_per_second // 1000)}", f"b=TIAS:{bits_per_second}"]


def _attribute_lines(holder: Attributes) -> list[str]:
    return [f"a={name}" if value is None else f"a={name}:{value}" for name, value in holder.attributes]


def parse(text: str) -> SessionDescription:
    """Reads a description. Raises `SdpError` with the line at fault."""
    if len(text) > MAX_BYTES:
        raise SdpError(f"longer than {MAX_BYTES} bytes")
    description = SessionDescription()
    holder: Attributes = description
    # Only LF ends a line: other separators that str.splitlines knows may stand in values.
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if not lines or lines[0] != "v=0":
        raise SdpError("a description begins with v=0", 1)
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise SdpError("not of the form letter=value", number)
        letter, value = match[1], match[2]
        if letter == "m":
            holder = _section(value, number)
            description.media.append(holder)
            if len(description.media) > MAX_SECTIONS:
                raise SdpError(f"more than {MAX_SECTIONS} sections", number)
        elif letter == "a":
            name, colon, rest = value.partition(":")
            holder.add(name, rest if colon else None)
        elif letter == "o" and holder is description:
            description.origin = value
    _check_mids(description)
    return description


def _section(value: str, number: int) -> MediaSection:
    match = _MEDIA.fullmatch(value)
    if match is None or int(match[2]) > 65_535:
        raise SdpError("not a media line", number)
    return MediaSection(
        kind=match[1], port=int(match[2]), protocol=match[3], formats=match[4].split(), line=number
    )


def _check_mids(description: SessionDescription) -> None:
    mids = [section.mid for section in description.media]
    for section in description.media:
        if not section.mid or len(section.mid) > 16 or mids.count(section.mid) > 1:
            raise SdpError("every section needs a mid of its own, at most 16 characters", section.line)
