"""Words as they are searched for, on every database alike. Pure."""

import re
import unicodedata

MOST_WORDS = 8
_WORD = re.compile(r"[^\W_]+")


def normal(text: str) -> str:
    """Each word after a blank: without case, without dots on the letter yo, without marks between words."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\N{CYRILLIC SMALL LETTER IO}", "е")
    return "".join(f" {word}" for word in _WORD.findall(folded))


def beginnings(query: str) -> list[str]:
    """What each must be in a text that was written by `normal`; nothing in it means something to LIKE."""
    return [f" {word}" for word in normal(query).split()[:MOST_WORDS]]
