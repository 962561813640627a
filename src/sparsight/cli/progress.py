"""What the terminal shows while a study runs: a line a network, and a bar with the time left."""

from collections.abc import Mapping
from types import TracebackType

from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from sparsight.cli.show import Screen
from sparsight.networks import Network

_MODELS = {"f": "the network", "g": "its concept bottleneck"}


class Progress:
    """A study's listener that prints. Use it as a context manager.

    Explaining a network counts as ``LOOK`` epochs, about what it takes on the small presets.
    """

    LOOK = 1.0

    def __init__(self) -> None:
        self.console = Screen()
        self.bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("time left"),
            TimeRemainingColumn(elapsed_when_finished=False),
            TextColumn("elapsed"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            speed_estimate_period=120,
        )
        self.task = self.bar.add_task("preparing the images", total=None)
        self.heard: set[str] = set()
        self.done = self.total = 0
        self.headed = False

    def __enter__(self) -> "Progress":
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def started(self, networks: int, standing: int, epochs: int) -> None:
        """Print the plan and start the bar."""
        found = f", of which {standing} stand already" if standing else ""
        self.console.print(f"{networks} networks to train and explain{found}")
        self.done, self.total = standing, networks
        work = epochs + self.LOOK * (networks - standing)
        self.bar.update(self.task, total=max(work, 1), completed=0, description=self._count())

    def note(self, text: str) -> None:
        """Print it."""
        self.heard.add(text)
        self.console.unfolded(text)

    def decoded(self, done: int, total: int) -> None:
        """Show how many images are decoded; afterwards the bar is of unknown length again."""
        self.bar.update(self.task, description="decoding the images", total=total, completed=done)
        if done == total:
            self.bar.remove_task(self.task)  # a bar's length, once known, cannot be unknown again
            self.task = self.bar.add_task("preparing the images", total=None)

    def epoch(self) -> None:
        """Move the bar."""
        self.bar.advance(self.task)

    def network(self, network: Network, summary: Mapping[str, float]) -> None:
        """Print the network's line and move the bar."""
        self.done += 1
        self.bar.advance(self.task, self.LOOK)
        self.bar.update(self.task, description=self._count())
        models = {name: words for name, words in _MODELS.items() if name in summary}
        if not self.headed:
            words = "   ".join(f"{name}: {words}" for name, words in models.items())
            self.console.print(f"  weights left   {words} (test accuracy)")
            self.headed = True
        right = "   ".join(f"{name} {summary[name]:.3f}" for name in models)
        self.console.print(
            f"  {summary['weights_remaining']:7.1%}   {right}   {summary['seconds']:5.1f} s   {network}", soft_wrap=True
        )

    def _count(self) -> str:
        return f"{self.done}/{self.total} networks" if self.done < self.total else "writing tables and report"
