"""The page: one HTML file with everything in it."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from sparsight.report.ablation import ablation_sentence, ablation_table, ablations
from sparsight.report.charts import CONTROL, control_names
from sparsight.report.data import ReportData
from sparsight.report.depends import dependence_sentence, dependence_tables, habitat_share
from sparsight.report.files import File, ShownChart
from sparsight.report.finding import finding, verdicts
from sparsight.report.gates import failed_gates
from sparsight.report.headline import grid, undecidable, whys
from sparsight.report.measures import Measures, beside_name, maps_name, top_k
from sparsight.report.moved import has_truth
from sparsight.report.names import SYMBOLS
from sparsight.report.overlay import colour_bar, data_uri
from sparsight.report.published import PAPER, figures_shown
from sparsight.report.quantity import Quantity
from sparsight.report.sheet import Sheet
from sparsight.report.strips import shown
from sparsight.report.tables import ConceptTable, Table, by_round
from sparsight.report.templates import environment, verbatim
from sparsight.report.text import percent
from sparsight.report.verdicts import interval_share, look_level, other_tables, primary_count, reason_tables
from sparsight.report.weakest import weakest_tables


def page(
    data: ReportData,
    measured: Measures,
    charts: Sequence[ShownChart],
    concepts: Sequence[ConceptTable],
    sheets: Mapping[str, Sheet],
    written: Sequence[File],
) -> bytes:
    """The report's HTML.

    Args:
        data: the report's data.
        measured: its quantities.
        charts: the charts.
        concepts: the concept tables, one an arm.
        sheets: the tables with files of their own, by slug.
        written: the files beside the page.
    """
    lead = verdicts(data)
    missing, whose = undecidable(data)
    html = (
        environment()
        .get_template("template.html.j2")
        .render(
            data=data,
            style=verbatim("style.css"),
            script=verbatim("slider.js"),
            lead=lead,
            finding=finding(data, measured)[len(lead) :],
            grid=(shown_grid := grid(data)),
            whys=whys(shown_grid) if shown_grid is not None else (),
            symbols=SYMBOLS,
            missing=missing,
            decides=not missing or bool(whose),
            failed=failed_gates(data),
            sheets=sheets,
            reasons=reason_tables(data),
            other_drifts=other_tables(data, absolute=False),
            other_levels=other_tables(data, absolute=True),
            has_truth=has_truth(data),
            primary_count=primary_count(data),
            level=look_level(data),
            interval_share=interval_share(data),
            k=top_k(data),
            floorless=[arm for arm in data.arms if data.rules[arm] not in control_names(data)],
            charts=[(chart, Markup(chart.svg)) for chart in charts],
            paper=PAPER,
            printed_figures=figures_shown(data),
            depends=dependence_tables(data),
            depends_sentence=dependence_sentence(
                data, habitat_share(data, {arm: data.rules[arm] for arm in data.arms})
            ),
            ablation=ablations(data),
            ablation_table=ablation_table,
            ablation_sentence=ablation_sentence,
            accuracy=_by_arm(data, measured.f, measured.g),
            unequal=_by_arm(data, *measured.unequal),
            heads=_by_arm(data, measured.f, measured.probe, measured.g, measured.random, digits=2)
            if not (measured.probe.empty and measured.random.empty)
            else [],
            shared=_by_arm(data, measured.shared),
            energy=_by_arm(data, measured.energy, measured.area, measured.pointing, measured.dead, digits=2),
            agreement=_by_arm(data, measured.weights_truth, measured.energy_truth),
            auroc=_by_arm(data, *measured.auroc.values()),
            weakest=weakest_tables(data, measured),
            measured=measured,
            maps=maps_name(data),
            pixels=str(data.settings.get("saliency", {}).get("method")).startswith("captum:"),
            beside=beside_name(data),
            concepts=concepts,
            strips=[shown(strip, data.arms, maps_name(data), beside_name(data)) for strip in data.strips],
            rounds=_rounds(data),
            bar=data_uri(colour_bar()),
            written=written,
        )
    )
    return html.strip().encode("utf-8", "replace") + b"\n"


def _by_arm(data: ReportData, *quantities: Quantity, digits: int = 3) -> list[Table]:
    """One small table an arm; none where nothing was measured."""
    if all(quantity.empty for quantity in quantities):
        return []
    return [by_round(quantities, arm, data.rules[arm], CONTROL, digits, data.constant) for arm in data.arms]


def _rounds(data: ReportData) -> list[dict[str, object]]:
    """The slider's steps: the rounds that the strips show, with the weights where all arms agree on them."""
    weights: dict[int, set[str]] = {}
    for strip in data.strips:
        for arm in data.arms:
            for cell in strip.arms.get(arm, ()):
                weights.setdefault(cell.round, set()).add(percent(cell.weights_remaining))
    return [
        {"round": round_, "text": f"Round {round_}" + (f": {min(own)} of the weights" if len(own) == 1 else "")}
        for round_, own in sorted(weights.items())
    ]
