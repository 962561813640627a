"""Where what is known of the images that a network expects comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Where a fact about a network comes from.

    Attributes:
        text: what states it, as ``preprocessor_config.json``; or what it was guessed by.
        known: whether that belongs to these weights; else it is a guess.
    """

    text: str
    known: bool

    def __str__(self) -> str:
        return f"known from {self.text}" if self.known else f"guessed: {self.text}"
