"""Any settings' errors in words; a study's own are in test_config.py."""

from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sparsight.wording import explain


class Room(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: int = Field(default=3, gt=0, lt=10)
    share: float | None = Field(default=None, gt=0, le=1)
    scale: float = 1.0
    sides: tuple[Annotated[int, Field(ge=8)], ...] | None = None


class House(BaseModel):
    model_config = ConfigDict(extra="forbid")

    room: Room = Room()
    margin: float = Field(default=0.1, gt=0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"room": {"count": "many"}}, "room.count: must be a whole number from 1 to 9, in digits (given: 'many')"),
        ({"room": {"count": 1.5}}, "room.count: must be a whole number from 1 to 9 (given: 1.5)"),
        ({"room": {"share": "half"}}, "room.share: must be a number, above 0 and at most 1 (given: 'half')"),
        ({"room": {"scale": []}}, "room.scale: must be a number (given: [])"),
        ({"room": {"sides": 8}}, "room.sides: must be a list (given: 8)"),
        ({"room": {"sides": [8, "x"]}}, "room.sides.1: must be a whole number, at least 8, in digits (given: 'x')"),
        ({"room": None}, "room: must hold settings, as {count: ...}, or be left out (given: null)"),
        ({"room": {"counts": 1}}, "room.counts: unknown key; did you mean count? known: count, share, scale, sides"),
        ({"rooms": 1}, "rooms: unknown key; did you mean room? known: room, margin"),
        ({"margin": -1}, "--margin: input should be greater than 0 (given: -1)"),
        ({"room": {"count": "x" * 10_000}}, f"in digits (given: '{'x' * 12}...{'x' * 13}')"),
        (3, "settings: must hold settings, as {key: ...}, or be left out (given: 3)"),
    ],
)
def test_the_first_error_in_words(given, said):
    with pytest.raises(ValidationError) as caught:
        House.model_validate(given)
    words = explain(caught.value, House, called={"margin": "--margin"})
    assert words.endswith(said)
