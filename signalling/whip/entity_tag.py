"""Entity tags name ICE sessions (RFC 9725, section 4.3.1; RFC 9110, sections 8.8.3 and 13.1.1). Pure."""

from __future__ import annotations

import secrets

ANY = "*"


def new_entity_tag() -> str:
    """A strong tag that was never used."""
    return f'"{secrets.token_hex(8)}"'


def is_any(if_match: str) -> bool:
    """Whether the field is `*`; the examples of the RFC quote it."""
    return if_match.strip().strip('"') == ANY


def matches(if_match: str, tag: str) -> bool:
    """Strong comparison of `If-Match` with our tag. Some clients leave the quotes out."""
    listed = {entry.strip() for entry in if_match.split(",")}
    return tag in listed or tag.strip('"') in listed
