"""How much of the spread of a run's drifts comes from its tickets, its controls and its seeds."""

from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float64

from sparsight.arms import Arm, find_arm
from sparsight.config import StudySettings
from sparsight.errors import InputError
from sparsight.planning.power import Noise
from sparsight.report import COLUMNS
from sparsight.results import other_rules
from sparsight.results.measured import rounds_of
from sparsight.results.read import read_table
from sparsight.runs import RESULTS, STUDY, has_ended, read_settings
from sparsight.stats import mean
from sparsight.verdict import PRIMARY


def own_noise(folder: Path) -> dict[str, Noise] | None:
    """The noise of each primary metric of a run that has ended, mean over its arms; None where it cannot be told.

    In floor units of each round: with E a ticket's drift and F the mean of its J controls', the variance over seeds of
    E - F is that of a ticket and a J-th of that of a control, which is the variance over the controls of a seed. With
    one control a seed both are taken to be alike. The covariance of E and F is the seeds' own. All are means over
    rounds, and 0 where an estimate is below.

    Args:
        folder: the run's; it may be missing, or be going on.
    """
    if not (folder / STUDY).exists() or not has_ended(folder) or other_rules(folder):
        return None
    try:
        drift = read_table(folder / RESULTS / "drift.csv", COLUMNS["drift"])
    except InputError:  # a study of this run would make it again
        return None
    settings = read_settings(folder)
    found: dict[str, Noise] = {}
    for family, metric, target in PRIMARY:
        chosen = (drift["family"] == family) & (drift["metric"] == metric) & (drift["target"] == target)
        rows = drift[chosen & (drift["unit"] == "all") & drift["reference_arm"].str.startswith("dense:")]
        values = {
            (arm, seed, 0 if pd.isna(repeat) else int(repeat), round_): value
            for arm, seed, repeat, round_, value in zip(
                *(rows[name] for name in ("arm", "seed", "repeat", "round", "value")), strict=True
            )
        }
        parts = [part for arm in settings.study.arms if (part := _parts(arm, settings, values)) is not None]
        if parts:
            found[metric] = Noise(*(float(np.sqrt(mean([part[k] for part in parts]))) for k in range(3)))
    return found or None


def _parts(
    arm: str, settings: StudySettings, values: dict[tuple[str, int, int, int], float]
) -> tuple[float, float, float] | None:
    """Variances of tickets, controls and seeds of one arm, in floor units; None where they cannot be told."""
    design, own, nothing = settings.study, find_arm(arm), float("nan")
    rounds, repeats = rounds_of(arm, settings), range(1, design.retrains + 1)
    if not rounds or not repeats or len(design.seeds) < 2:
        return None
    drift = np.array([[values.get((arm, s, 0, r), nothing) for r in rounds] for s in design.seeds])
    controls = [[[_place(own, s, j, r) for j in repeats] for r in rounds] for s in design.seeds]
    floor = np.array([[[values.get(one, nothing) for one in at] for at in of_seed] for of_seed in controls])
    return parts_of(drift, floor)


def _place(arm: Arm, seed: int, repeat: int, round_: int) -> tuple[str, int, int, int]:
    return f"retrain:{arm.control}", seed, repeat, round_ if arm.carries else 0


def parts_of(
    drift: Float64[np.ndarray, "s r"], floor: Float64[np.ndarray, "s r j"]
) -> tuple[float, float, float] | None:
    """Variances of tickets, of controls and of seeds, in floor units of each round; None where no round has them."""
    usable = np.isfinite(drift).all(0) & np.isfinite(floor).all((0, 2)) & (floor.mean((0, 2)) > 0)
    if not usable.any() or len(drift) < 2:
        return None
    unit = floor[:, usable].mean((0, 2))
    e, f = drift[:, usable] / unit, floor[:, usable] / unit[:, None]
    j = f.shape[2]
    apart = float((e - f.mean(2)).var(0, ddof=1).mean())
    control = float(f.var(2, ddof=1).mean()) if j > 1 else apart / 2
    deviations = (e - e.mean(0)) * (f.mean(2) - f.mean((0, 2)))
    shared = float(deviations.sum(0).mean()) / (len(e) - 1)
    return max(apart - control / j, 0.0), control, max(shared, 0.0)
