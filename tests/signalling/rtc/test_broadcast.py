"""What is found out once for many listeners is what would be found out for each."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.participant import Participant
from mediaserver.permissions import Permissions, SubscriptionPermissions, TrackPermission
from mediaserver.policy import RoomController
from mediaserver.rules import MediumRules, Rules
from mediaserver.speakers import Speaker
from signalling.rtc.broadcast import Audience, noticeable
from tests.mediaserver.room_fakes import make_participant, make_room, publish

CIRCLES = st.frozensets(st.sampled_from(("a", "b")))
RULES = st.builds(
    lambda circles, seen, reach: Rules(circles, seen, MediumRules(reach)), CIRCLES, CIRCLES, CIRCLES
)
PERMISSIONS = st.builds(
    lambda subscribe, hidden, recorder: Permissions(subscribe, True, True, hidden=hidden, recorder=recorder),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


class Controller(RoomController):
    def __init__(self, rules: dict[str, Rules]) -> None:
        self._rules = rules

    def seating(self, participant: Participant) -> Rules:
        return self._rules[participant.identity]

    def unseated(self, participant: Participant) -> None:
        """Nothing to forget."""


@given(
    st.lists(st.tuples(RULES, PERMISSIONS, st.booleans()), min_size=2, max_size=6),
    st.booleans(),
    st.booleans(),
)
async def test_listeners_that_are_alike_are_asked_about_once(
    people: list[tuple[Rules, Permissions, bool]], controlled: bool, by_name: bool
) -> None:
    room = make_room()
    if controlled:
        room.policy.control(Controller({f"p{number}": rules for number, (rules, _, _) in enumerate(people)}))
    here = [make_participant(room, f"p{n}", permissions) for n, (_, permissions, _) in enumerate(people)]
    for participant, (_, _, speaks) in zip(here, people, strict=True):
        if speaks:
            await publish(participant)
    if by_name:
        only = SubscriptionPermissions(False, (TrackPermission("p1", all_tracks=True),))
        here[0].publisher.allow_subscribers(only)
    speakers = [Speaker(participant.sid, 0.5, True) for participant in here]
    speakers.append(Speaker("PA_gone", 0.5, False))
    audience = Audience(room, speakers)
    for listener in here:
        expected = tuple(speaker.sid for speaker in noticeable(listener, speakers))
        assert audience.noticed_by(listener) == expected
