"""The released code's switches, ranked by how much of its loss of accuracy each explains."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparsight.report.data import ReportData
from sparsight.report.quantity import select
from sparsight.report.svg import ARM_COLOURS, FAINT, INK, literal
from sparsight.report.tables import Table
from sparsight.report.text import NO_VALUE, interval, number, percent, plain
from sparsight.stats import mean, spread

ALONE, LEFT_OUT = "on alone: accuracy lost", "left out: accuracy won back"


@dataclass(frozen=True)
class Effect:
    """A number of one switch: one value a seed."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return mean(list(self.values))

    @property
    def text(self) -> str:
        """Mean and range."""
        return interval(self.mean, *spread(list(self.values)), 3) if self.values else NO_VALUE


@dataclass(frozen=True)
class Switch:
    """What one switch does at the last round; ``released`` where the released code's CUB run has it on."""

    name: str
    released: bool
    alone: Effect
    left_out: Effect

    @property
    def rank(self) -> float:
        """The mean of what it costs on its own and what leaving it out gives back: the first and the last to go.

        Where one of the two was not run it is the other one alone, and ``missing`` says so; NaN where neither was.
        """
        return mean([effect.mean for effect in (self.alone, self.left_out) if effect.values])

    @property
    def missing(self) -> str | None:
        """Which side was not run, in words."""
        if self.alone.values and self.left_out.values:
            return None
        if not self.alone.values and not self.left_out.values:
            return "neither side run"
        return (
            "ranked by one side: on alone not run" if not self.alone.values else "ranked by one side: left out not run"
        )


@dataclass(frozen=True)
class Ablation:
    """The switches of one model's accuracy at the last round, the most costly first.

    Attributes:
        model: f or g.
        weights: share of the weights that are left under magnitude.
        collapse: what the released code loses against magnitude.
        switches: ranked, by the side that is known where only one was run; those that the CUB run does not have on
            come last, as they have no part in its loss.
    """

    model: str
    weights: float
    collapse: Effect
    switches: tuple[Switch, ...]


def ablations(data: ReportData) -> tuple[Ablation, ...]:
    """The ranking for f and, where there are concepts, for g; none where the study holds no switch beside both ends."""
    table = data.ablation
    if not len(table):
        return ()
    last = select(table, round=table["round"].max())
    right = select(data.accuracy, arm="magnitude", round=table["round"].max())
    weights = mean(right["weights_remaining"].to_numpy(dtype=float))
    return tuple(_ablation(select(last, model=model), model, weights) for model in last["model"].unique())


def _ablation(rows: pd.DataFrame, model: str, weights: float) -> Ablation:
    switches = [
        Switch(str(name), bool(own["released"].iloc[0]), _effect(own["alone"]), _effect(own["left_out"]))
        for name, own in rows.groupby("switch", sort=False)
    ]
    first = rows[rows["switch"] == rows["switch"].iloc[0]]
    ranked = sorted(switches, key=lambda switch: (not switch.released, switch.rank != switch.rank, -switch.rank))
    return Ablation(model, weights, _effect(first["collapse"]), tuple(ranked))


def _effect(values: "pd.Series[float]") -> Effect:
    known = [float(value) for value in values if value == value]
    return Effect(tuple(known))


def ablation_table(ablation: Ablation) -> Table:
    """The ranking as text; shares are of the means, and stand only where there is a loss to explain."""
    loss = ablation.collapse.mean

    def share(effect: Effect) -> str:
        return percent(round(effect.mean / loss, 2) + 0.0) if effect.values and loss > 0 else NO_VALUE

    rows = [
        (_label(switch), switch.alone.text, share(switch.alone), switch.left_out.text, share(switch.left_out))
        for switch in ablation.switches
    ]
    rows.append(("all of the CUB run", ablation.collapse.text, NO_VALUE, NO_VALUE, NO_VALUE))
    header = ("Switch", "On alone: lost", "Share", "Left out: won back", "Share")
    return Table(f"test accuracy of {ablation.model}, {percent(ablation.weights)} of the weights", header, tuple(rows))


def ablation_sentence(ablation: Ablation, seeds: int) -> str:
    """One plain sentence: how much was lost, and what the two switches that matter most have to do with it."""
    loss = ablation.collapse.mean
    over = f"mean of {seeds} seeds" if seeds > 1 else "one seed"
    where = f"With {percent(ablation.weights)} of the weights left, the released code's rules"
    if not loss > 0:
        return f"{where} lose no test accuracy of {ablation.model} against the right ones ({over})."
    lost = f"{where} lose {number(loss, 2)} of {ablation.model}'s test accuracy against the right ones ({over})"
    told = [_told(switch, loss) for switch in ablation.switches if switch.released and switch.rank == switch.rank][:2]
    return f"{lost}. Of their switches those that matter most are {' and '.join(told)}." if told else f"{lost}."


def _told(switch: Switch, loss: float) -> str:
    parts = []
    for effect, words in ((switch.alone, "alone it costs"), (switch.left_out, "leaving it out gives back")):
        if effect.values:
            parts.append(f"{words} {number(effect.mean, 2)}, {percent(round(effect.mean / loss, 2) + 0.0)} of it")
    if switch.missing:
        parts.append(switch.missing)
    return f"{plain(switch.name)} ({'; '.join(parts)})"


def _label(switch: Switch) -> str:
    """The name, and what it must not be read without: a switch of the CUB run was to be run both ways."""
    beside = switch.missing if switch.released else "not in the CUB run"
    return f"{plain(switch.name)} ({beside})" if beside else plain(switch.name)


def ablation_figure(ablation: Ablation) -> Figure:
    """Accuracy lost and won back, a row a switch: mean, range over the seeds, each seed as a faint point."""
    figure = Figure(figsize=(6.4, 1.5 + 0.46 * len(ablation.switches)), layout="constrained")
    axes = figure.add_subplot()
    axes.axvline(0, color=FAINT, linewidth=1)
    loss = axes.axvline(ablation.collapse.mean, color=INK, linewidth=1.3, linestyle=(0, (5, 3)))
    handles = [_dots(axes, ablation.switches, side) for side in (0, 1)]
    axes.set_yticks(range(len(ablation.switches)), [_label(switch) for switch in ablation.switches])
    axes.set_ylim(len(ablation.switches) - 0.4, -0.6)
    axes.set_xlabel(f"difference in test accuracy of {ablation.model}", color=INK)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=10, left=False)
    axes.grid(axis="x", color=FAINT, alpha=0.18, linewidth=0.8)
    axes.set_axisbelow(True)
    labels = [ALONE, LEFT_OUT, "all of the CUB run: accuracy lost"]
    figure.legend([*handles, loss], labels, loc="outside upper left", ncols=1, frameon=False, labelcolor=INK)
    literal(figure)
    return figure


def _dots(axes: Axes, switches: Sequence[Switch], side: int) -> Artist:
    colour, marker, shift = ARM_COLOURS[side], "os"[side], (-0.14, 0.14)[side]
    effects = [(switch.alone, switch.left_out)[side] for switch in switches]
    known = [(row + shift, effect) for row, effect in enumerate(effects) if effect.values]
    for row, effect in known:
        axes.hlines(row, *spread(list(effect.values)), color=colour, alpha=0.5, linewidth=2)
        axes.plot(effect.values, [row] * len(effect.values), marker, color=colour, alpha=0.35, markersize=4)
    (drawn,) = axes.plot(
        [effect.mean for _, effect in known], [row for row, _ in known], marker, color=colour, markersize=8
    )
    return drawn
