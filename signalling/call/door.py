"""The one place that answers who may do what to whom in a call. Pure; what is not listed is denied."""

from __future__ import annotations

from signalling.call.roles import Power

_HOST = frozenset({Power.HOST})
_LEADERS = frozenset({Power.HOST, Power.COHOST})
_EVERYBODY_IN = frozenset({Power.HOST, Power.COHOST, Power.MEMBER, Power.VIEWER})

ALLOWED: dict[str, frozenset[Power]] = {
    **dict.fromkeys(
        (
            "make_cohost",
            "drop_cohost",
            "end",
            "extend",
            "extend_screen",
            "recording_ask",
            "recording_start",
        ),
        _HOST,
    ),
    **dict.fromkeys(
        (
            "admit",
            "admit_all",
            "admit_expected",
            "announce",
            "ask_camera",
            "ask_unmute",
            "ban",
            "block",
            "calm",
            "close_groups",
            "close_poll",
            "delete_message",
            "demote",
            "deny",
            "direct",
            "film_pause",
            "film_play",
            "film_seek",
            "film_stop",
            "film_volume",
            "films",
            "freeze",
            "lower_all_hands",
            "lower_hand_of",
            "move",
            "mute",
            "mute_all",
            "next",
            "open_groups",
            "open_poll",
            "panic",
            "people",
            "promote",
            "recording_stop",
            "remove",
            "set_chat",
            "set_lock",
            "set_mode",
            "set_reach",
            "set_screen",
            "set_self_unmute",
            "spotlight",
            "stop_camera",
            "unblock",
            "visit",
            "attendance",
        ),
        _LEADERS,
    ),
    **dict.fromkeys(
        ("answer", "chat", "lower_hand", "raise_hand", "react", "recording_consent", "vote"), _EVERYBODY_IN
    ),
}
"""By the type of a command; `attendance` is who was here, `people` who is, `films` what may be shown."""

AGAINST_COHOSTS = frozenset({"mute", "stop_camera", "freeze", "remove", "ban", "demote", "direct"})
"""What a host may do to a co-host, and nobody to a host."""
TO_WAITING = frozenset({"admit", "deny", "block", "unblock"})
"""What is done to who is not in, and nothing else is."""


def may(actor: Power, action: str, target: Power | None = None) -> bool:
    """`target` None: the action is done to nobody in particular."""
    if actor not in ALLOWED.get(action, ()):
        return False
    if target is None:
        return True
    if (target is Power.WAITING) != (action in TO_WAITING):
        return False
    if action not in AGAINST_COHOSTS:
        return True
    return target is not Power.HOST and (target is not Power.COHOST or actor is Power.HOST)
