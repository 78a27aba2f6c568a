"""What a token says of the room that its join makes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from livekit.protocol import room

from mediaserver.room import RoomSettings
from signalling.rtc import room_configuration
from signalling.rtc.errors import InvalidRequest, ServerFull
from signalling.rtc.revocations import MAX_REVOCATIONS, Revocations
from signalling.rtc.settings import RoomConfigurationSettings, RtcSettings
from signalling.rtc.tokens import RoomConfiguration, verify_token
from tests.signalling.rtc.rtc_fakes import World

OPTIONS = ("agents", "egress", "min_playout_delay", "max_playout_delay")


@pytest.mark.compatibility(
    "claim.room_config",
    *(
        f"room_config.{name}"
        for name in ("empty_timeout", "departure_timeout", "max_participants", "metadata")
    ),
)
async def test_the_join_makes_the_room_as_the_token_says(world: World) -> None:
    wanted = RoomConfiguration(empty_timeout=7, departure_timeout=3, max_participants=1, metadata="quiet")
    anna = await world.join("anna", claims={"room_config": wanted})
    told = anna.told("join")[0].room
    assert (told.empty_timeout, told.departure_timeout, told.max_participants, told.metadata) == (
        7,
        3,
        1,
        "quiet",
    )
    with pytest.raises(ServerFull):
        await world.join("boris", claims={"room_config": RoomConfiguration(max_participants=9)})


@pytest.mark.compatibility("claim.room_preset")
async def test_the_token_names_a_preset() -> None:
    world = World(room_configurations={"exam": RoomConfigurationSettings(max_participants=1)})
    anna = await world.join("anna", claims={"room_preset": "exam"})
    assert anna.participant.room.settings.max_participants == 1
    with pytest.raises(InvalidRequest):
        world.admission("boris", claims={"room_preset": "party"})
    await world.attendance.close()


@pytest.mark.compatibility(*(f"room_config.{name}" for name in OPTIONS), unimplemented=True)
async def test_what_has_no_effect_is_counted_when_it_makes_a_room(world: World) -> None:
    wanted = RoomConfiguration(
        agents=({"agentName": "helper"},), egress={"room": {}}, min_playout_delay=1, max_playout_delay=2
    )
    for name in ("anna", "boris"):
        await world.join(name, claims={"room_config": wanted})
    for option in OPTIONS:
        assert world.metric("polyana_rtc_unsupported_room_options_total", option=option) == 1


async def test_a_refreshed_token_says_it_again(world: World) -> None:
    wanted = RoomConfiguration(empty_timeout=7)
    anna = await world.join("anna", claims={"room_config": wanted})
    anna.session.refresh_token()
    token = anna.told("refresh_token")[-1]
    claims = verify_token(token, world.keys, now=world.clock.time(), leeway_s=0)
    assert claims.room_config is not None
    assert claims.room_config.empty_timeout == 7


CONFIGURATIONS = st.builds(
    RoomConfiguration,
    empty_timeout=st.integers(0, 100),
    departure_timeout=st.integers(0, 100),
    max_participants=st.integers(0, 100),
    metadata=st.text(max_size=5),
)


@settings(derandomize=True, deadline=None)
@given(CONFIGURATIONS, CONFIGURATIONS)
def test_the_nearest_word_counts(own: RoomConfiguration, preset: RoomConfiguration) -> None:
    known = RoomConfigurationSettings(
        **{
            name: getattr(preset, name)
            for name in RoomConfigurationSettings.model_fields
            if hasattr(preset, name)
        }
    )
    defaults = RtcSettings(room_configurations={"p": known}, max_participants=50)

    def first(name: str, default: float) -> float:
        found: float = getattr(own, name) or getattr(preset, name) or default
        return found

    assert room_configuration.room_settings(own, "p", defaults) == RoomSettings(
        empty_timeout_s=first("empty_timeout", defaults.empty_timeout_s),
        departure_timeout_s=first("departure_timeout", defaults.departure_timeout_s),
        max_participants=int(first("max_participants", 50)),
        metadata=own.metadata or preset.metadata,
    )


def test_all_fields_of_the_protocol_are_known() -> None:
    served = {"name", "empty_timeout", "departure_timeout", "max_participants", "metadata"}
    without_meaning_here = {"sync_streams", "tags"}  # always in step where the client can; only for analytics
    fields = {field.name for field in room.RoomConfiguration.DESCRIPTOR.fields}
    assert fields == served | without_meaning_here | (room_configuration.UNSUPPORTED - {"replay_enabled"})


# Tokens that were taken back

REVOCATIONS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.floats(0, 100)), max_size=8)


@settings(derandomize=True, deadline=None)
@given(REVOCATIONS, st.floats(0, 100))
def test_the_latest_time_counts(taken: list[tuple[str, str, float]], not_before: float) -> None:
    revocations = Revocations()
    for entry in taken:
        revocations.revoke(*entry)
    for place in "ab":
        for identity in "xy":
            until: list[Any] = [time for r, i, time in taken if (r, i) == (place, identity)]
            assert revocations.covers(place, identity, not_before) == (not_before < max(until, default=0))


def test_only_so_many_are_remembered() -> None:
    revocations = Revocations()
    for number in range(MAX_REVOCATIONS + 1):
        revocations.revoke("lesson", str(number), 10)
    assert not revocations.covers("lesson", "0", 5)
    assert revocations.covers("lesson", str(MAX_REVOCATIONS), 5)
