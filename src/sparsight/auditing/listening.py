"""Who is told how an audit goes."""

from typing import Protocol


class AuditListener(Protocol):
    """Who is told how an audit goes."""

    def note(self, text: str) -> None:
        """Something is to be known: one line."""

    def decoded(self, done: int, total: int) -> None:
        """So many of the images are decoded."""

    def looking(self, name: str, place: int, models: int) -> None:
        """The model of that name is looked at now, the so-many-th of so many."""

    def seen(self, done: int, total: int) -> None:
        """It has seen so many of the images of a pass: of the test images, then of those that concepts are learned
        from."""


class Silent:
    """A listener that says nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def decoded(self, done: int, total: int) -> None:
        """Say nothing."""

    def looking(self, name: str, place: int, models: int) -> None:
        """Say nothing."""

    def seen(self, done: int, total: int) -> None:
        """Say nothing."""
