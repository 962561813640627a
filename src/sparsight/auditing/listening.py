"""Reports on how an audit goes."""

from typing import Protocol


class AuditListener(Protocol):
    """Receive reports on how an audit goes."""

    def note(self, text: str) -> None:
        """Report what a user should know, in one line."""

    def decoded(self, done: int, total: int) -> None:
        """Report how many of the images are decoded."""

    def looking(self, name: str, place: int, models: int) -> None:
        """Report that model ``place``, from 1, of ``models`` is being evaluated."""

    def seen(self, done: int, total: int) -> None:
        """Report how many images of a pass that model has seen: of the test images, then of those that concepts are
        learned from."""


class Silent:
    """A listener that drops all reports."""

    def note(self, text: str) -> None:
        """Drop it."""

    def decoded(self, done: int, total: int) -> None:
        """Drop it."""

    def looking(self, name: str, place: int, models: int) -> None:
        """Drop it."""

    def seen(self, done: int, total: int) -> None:
        """Drop it."""
