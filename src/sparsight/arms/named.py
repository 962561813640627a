"""An arm from its name: a fixed one, or one with parameters."""

import re
from difflib import get_close_matches

from sparsight.arms.arm import TOGGLES, Arm, Toggles
from sparsight.arms.controls import FINETUNE, LR_REWIND, RANDOM, REINIT
from sparsight.arms.magnitude import MAGNITUDE
from sparsight.arms.magnitude_global import MAGNITUDE_GLOBAL
from sparsight.arms.released_code import RELEASED_CODE
from sparsight.errors import InputError

ARMS = {arm.name: arm for arm in (MAGNITUDE, MAGNITUDE_GLOBAL, RANDOM, FINETUNE, LR_REWIND, REINIT, RELEASED_CODE)}
FORMS = ("toggle:SWITCH+...", "released-code-toggle:SWITCH+...", "rewind:EPOCHS", "dense-at:ARM:ROUND")
"""How the arms with parameters are written."""


def find_arm(name: str) -> Arm:
    """The arm of that name, under its one name: switches stand in the order of ``TOGGLES``.

    Raises:
        InputError: naming the arms, or the switches, that there are.
    """
    if name in ARMS:
        return ARMS[name]
    form, _, rest = name.partition(":")
    if form == "toggle":
        return _toggled(name, rest)
    if form == "released-code-toggle":
        return _released_without(name, rest)
    if form == "rewind":
        return _rewound(name, rest)
    if form == "dense-at":
        return _stopped(name, rest)
    near = get_close_matches(name, ARMS, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise InputError(f"arm {_short(name)}: unknown; {hint}arms are {', '.join((*ARMS, *FORMS))}")


def find_control(name: str) -> Arm:
    """The arm, without its pruning, of the controls of that name (``Arm.control``)."""
    if name == "right":
        return MAGNITUDE.unpruned
    return find_arm(name if name in ARMS or name.startswith("rewind:") else f"toggle:{name}").unpruned


def _toggled(name: str, rest: str) -> Arm:
    on = _switches(name, rest)
    summary = f"magnitude with the released code's {' and '.join(on)}"
    return Arm(f"toggle:{'+'.join(on)}", summary, toggles=Toggles(**dict.fromkeys(on, True)))


def _released_without(name: str, rest: str) -> Arm:
    off = _switches(name, rest)
    released = RELEASED_CODE.toggles.on
    if foreign := [switch for switch in off if switch not in released]:
        raise InputError(f"arm {_short(name)}: {foreign[0]} is not on in released-code; on are {', '.join(released)}")
    left = dict.fromkeys((switch for switch in released if switch not in off), True)
    return Arm(
        f"released-code-toggle:{'+'.join(off)}", f"released-code without {' and '.join(off)}", toggles=Toggles(**left)
    )


def _switches(name: str, rest: str) -> tuple[str, ...]:
    asked = rest.split("+")
    for switch in asked:
        if switch not in TOGGLES:
            near = get_close_matches(switch, TOGGLES, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise InputError(f"arm {_short(name)}: unknown switch; {hint}switches are {', '.join(TOGGLES)}")
    if len(set(asked)) != len(asked):
        raise InputError(f"arm {_short(name)}: a switch stands twice; name it once")
    return tuple(switch for switch in TOGGLES if switch in asked)


def _rewound(name: str, rest: str) -> Arm:
    epochs = _whole_number(rest)
    if not epochs:
        raise InputError(f"arm {_short(name)}: must be rewind:EPOCHS with 1 or more, as rewind:1; 0 is magnitude")
    summary = f"smallest weights of each layer pruned, the rest rewound to the dense network's after epoch {epochs}"
    return Arm(f"rewind:{epochs}", summary, rewind_epoch=epochs)


def _stopped(name: str, rest: str) -> Arm:
    of, _, last = rest.rpartition(":")
    round_ = _whole_number(last)
    if not of or not round_:
        raise InputError(
            f"arm {_short(name)}: must be dense-at:ARM:ROUND with round 1 or more, as dense-at:magnitude:5"
        )
    arm = find_arm(of)
    if arm.stop_at is not None:
        raise InputError(f"arm {_short(name)}: {of} is dense itself; name an arm that prunes")
    summary = f"a dense network, stopped as soon as it is as accurate as {arm.name} in round {round_}"
    return Arm(f"dense-at:{arm.name}:{round_}", summary, stop_at=(arm.name, round_))


def _whole_number(text: str) -> int:
    """The number, or 0 where the text is none or an absurd one."""
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0


def _short(name: str) -> str:
    return repr(name if len(name) <= 60 else name[:57] + "...")
