"""Every table of the page that has files of its own."""

from collections.abc import Iterator

from sparsight.report.ablation import ablation_table, ablations
from sparsight.report.answers import answers_sheet
from sparsight.report.association import association_sheet, matched_sheet
from sparsight.report.charts import CONTROL
from sparsight.report.data import ReportData
from sparsight.report.depends import depends_sheet
from sparsight.report.floor import floor_sheet
from sparsight.report.gates import gates_sheet
from sparsight.report.headline import headline_sheet
from sparsight.report.measures import Measures
from sparsight.report.moved import movers_sheet, truth_sheet
from sparsight.report.parts import parts_sheet
from sparsight.report.published import claims_sheet, overlap_sheet, prints, tables_sheet
from sparsight.report.several import all_names, names_sheet
from sparsight.report.sheet import Sheet
from sparsight.report.tables import by_round, long_frame
from sparsight.report.verdicts import verdict_sheet
from sparsight.report.weakest import weakest_sheet


def sheets(data: ReportData, measured: Measures) -> dict[str, Sheet]:
    """The tables by slug; those that there is nothing for are left out.

    Args:
        data: the report's data.
        measured: its quantities.
    """
    makers = (
        headline_sheet,
        verdict_sheet,
        floor_sheet,
        gates_sheet,
        truth_sheet,
        movers_sheet,
        association_sheet,
        matched_sheet,
        parts_sheet,
        answers_sheet,
        depends_sheet,
        *((claims_sheet, overlap_sheet, tables_sheet) if prints(data) else ()),
    )
    found = [
        *(maker(data) for maker in makers),
        names_sheet(all_names(data)),
        *_ablation_sheets(data),
        *_quantity_sheets(data, measured),
        weakest_sheet(data, measured),
    ]
    return {sheet.slug: sheet for sheet in found if sheet is not None}


def _ablation_sheets(data: ReportData) -> Iterator[Sheet]:
    for own in ablations(data):
        caption = f"What each switch costs {own.model}, and what leaving it out gives back."
        rows = data.ablation[data.ablation["model"] == own.model]
        yield Sheet(f"ablation-{own.model}", caption, (ablation_table(own),), rows)


def _quantity_sheets(data: ReportData, measured: Measures) -> Iterator[Sheet]:
    """Numbers by arm and round, one table an arm."""
    tables = {
        "accuracy": (
            "Test accuracy of f, g, a linear probe and g on random concepts."
            if data.has_concepts
            else "Test accuracy of f and a linear probe.",
            [measured.f, measured.probe, measured.g, measured.random],
        ),
        "accuracy-unequal": ("Balanced accuracy and AUROC of f and g.", list(measured.unequal)),
        "concepts-shared": ("Share of the top concepts that the dense network has, too.", [measured.shared]),
        "mask-energy": (
            "Energy in the mask, the mask's area, pointing game, dead maps.",
            [measured.energy, measured.area, measured.pointing, measured.dead],
        ),
        "truth-agreement": (
            "Rank agreement of explanations with what interventions do.",
            [measured.weights_truth, measured.energy_truth],
        ),
        "concept-auroc": ("Held-out AUROC of the concepts.", list(measured.auroc.values())),
    }
    for slug, (caption, quantities) in tables.items():
        known = [quantity for quantity in quantities if not quantity.empty]
        if known:
            texts = tuple(by_round(known, arm, data.rules[arm], CONTROL, constant=data.constant) for arm in data.arms)
            yield Sheet(slug, caption, texts, long_frame(known))
