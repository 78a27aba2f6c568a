"""Bodies and answers that several endpoints share."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from signalling.school.codes import CODE_LENGTH
from signalling.school.passwords import MAX_LENGTH, MIN_LENGTH
from signalling.school.people import normal_email
from signalling.school.settings import TimeZone
from signalling.store.types import ID_LENGTH

ID_PATTERN = r"^[0-9a-f]{32}$"
CODE_PATTERN = rf"^[a-z2-7]{{{CODE_LENGTH}}}$"
#: Control characters would forge lines of a console's log, and PostgreSQL keeps no zero bytes.
WITHOUT_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]*$"

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=WITHOUT_CONTROLS)
]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=200,
        pattern=r"^[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+$",
    ),
    AfterValidator(normal_email),
]
Password = Annotated[str, StringConstraints(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]
GivenPassword = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH)]
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=ID_LENGTH)]
Code = Annotated[str, StringConstraints(max_length=100)]
Language = Literal["ru", "en"]
Zone = TimeZone
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=WITHOUT_CONTROLS)
]


class Body(BaseModel):
    """What a client sends: unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """What the server answers. Moments are ISO 8601 in UTC."""

    model_config = ConfigDict(frozen=True)


class ErrorDetail(Answer):
    code: str
    message: str


class ErrorAnswer(Answer):
    """Every refusal."""

    error: ErrorDetail


class Page(Body):
    """A part of a list that is too long for one answer."""

    before: Annotated[int, Field(ge=1, le=2**53)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
