"""How long children may sit before a screen: SanPiN 1.2.3685-21. Minutes. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from signalling.school.words import AgeBand, LessonKind

Minutes = Annotated[int, Field(ge=1, le=600)]
#: Parents and staff are no children.
LIMITED = frozenset({LessonKind.LESSON, LessonKind.EVENT})


class Screen(BaseModel):
    """At a time, and on a day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_a_time: Minutes
    a_day: Minutes | None = None


class Norms(BaseModel):
    """Of one age. A screen that is not named is not for this age."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lesson: Minutes
    film: Screen | None = None
    board: Screen | None = None
    panel: Screen | None = None
    tablet: Screen | None = None
    computer: Screen | None = None


SCREENS = ("film", "board", "panel", "tablet", "computer")

_FROM_5 = {
    "board": Screen(at_a_time=7, a_day=20),
    "panel": Screen(at_a_time=5, a_day=10),
    "tablet": Screen(at_a_time=10, a_day=10),
}
DEFAULTS: Mapping[AgeBand, Norms] = MappingProxyType(
    {
        AgeBand.TO_3: Norms(lesson=10),
        AgeBand.TO_4: Norms(lesson=15),
        AgeBand.TO_5: Norms(lesson=20),
        AgeBand.TO_6: Norms(lesson=25, film=Screen(at_a_time=5), **_FROM_5),
        AgeBand.TO_7: Norms(
            lesson=30, film=Screen(at_a_time=7), computer=Screen(at_a_time=15, a_day=20), **_FROM_5
        ),
    }
)


def screens(
    norms: Mapping[AgeBand, Norms], kind: LessonKind, age: AgeBand | None
) -> dict[str, Screen | None]:
    """Kinds of screens that such a lesson has to watch; None: not for this age."""
    if age is None or kind not in LIMITED:
        return {}
    found = norms[age]
    return {name: getattr(found, name) for name in SCREENS}


def limit_minutes(norms: Mapping[AgeBand, Norms], kind: LessonKind, age: AgeBand | None) -> int | None:
    """How long such a lesson may be; None: as long as it likes."""
    return norms[age].lesson if age is not None and kind in LIMITED else None
