"""The door against a table written by hand: every command, every power, every target."""

from itertools import product
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from signalling.call import door
from signalling.call.commands import Command
from signalling.call.handlers import HANDLERS
from signalling.call.roles import Power

#: H host, C co-host, M member, V viewer, W waiting; who may do it, and to whom (empty: to nobody in particular).
TABLE = """
admit               HC    W
admit_all           HC
admit_expected      HC
announce            HC
answer              HCMV
ask_camera          HC    HCMV
ask_unmute          HC    HCMV
attendance          HC
ban                 HC    MV+
block               HC    W
calm                HC
chat                HCMV
close_groups        HC
close_poll          HC
delete_message      HC
demote              HC    MV+
deny                HC    W
direct              HC    MV+
drop_cohost         H     HCMV
end                 H
extend              H
extend_screen       H
film_pause          HC
film_play           HC
film_seek           HC
film_stop           HC
film_volume         HC
films               HC
freeze              HC    MV+
lower_all_hands     HC
lower_hand          HCMV
lower_hand_of       HC    HCMV
make_cohost         H     HCMV
move                HC    HCMV
mute                HC    MV+
mute_all            HC
next                HC
open_groups         HC
open_poll           HC
panic               HC
people              HC
promote             HC    HCMV
raise_hand          HCMV
react               HCMV
recording_ask       H
recording_consent   HCMV
recording_start     H
recording_stop      HC
remove              HC    MV+
set_chat            HC
set_lock            HC
set_mode            HC
set_reach           HC
set_screen          HC    HCMV
set_self_unmute     HC
spotlight           HC
stop_camera         HC    MV+
unblock             HC    W
visit               HC
vote                HCMV
"""
LETTERS = {"H": Power.HOST, "C": Power.COHOST, "M": Power.MEMBER, "V": Power.VIEWER, "W": Power.WAITING}
#: A camera commands nothing; to it may be done what may be done to a member.
#: The plus: a host may do it to a co-host, too.
ROWS = {row.split()[0]: row.split()[1:] for row in TABLE.strip().splitlines()}


def expected(actor: Power, action: str, target: Power | None) -> bool:
    actors, targets = (*ROWS[action], "")[:2]
    target = Power.MEMBER if target is Power.CAMERA else target
    if actor not in {LETTERS[letter] for letter in actors}:
        return False
    if target is None:
        return True
    if targets.endswith("+") and target is Power.COHOST:
        return actor is Power.HOST
    return target in {LETTERS[letter] for letter in targets.rstrip("+")}


def test_the_table_is_whole() -> None:
    commands = {
        get_args(model.model_fields["type"].annotation)[0] for model in get_args(get_args(Command)[0])
    }
    assert commands | {"attendance", "films", "people"} == set(ROWS) == set(door.ALLOWED)
    assert set(HANDLERS) == commands


def test_every_case() -> None:
    with_target = {action for action, row in ROWS.items() if len(row) > 1}
    for action, actor in product(ROWS, Power):
        targets: list[Power | None] = [None, *Power] if action in with_target else [None]
        for target in targets:
            assert door.may(actor, action, target) == expected(actor, action, target), (actor, action, target)


@given(st.sampled_from(Power), st.text(), st.none() | st.sampled_from(Power))
def test_what_is_not_listed_is_denied(actor: Power, action: str, target: Power | None) -> None:
    assert action in ROWS or not door.may(actor, action, target)
    assert not door.may(Power.WAITING, action, target)
