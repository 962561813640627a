"""A report's data as a real run would give it, and the browser that reads the page."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sparsight.report import COLUMNS, ReportData, Strip, StripCell, write_report
from tests.report.judged import drift_rows, judged, level_rows, verdict_rows

ARMS = {"magnitude": "right", "released-code": "freeze_negative+score_before_epoch"}
CONCEPTS = [
    f"{part}_{look}"
    for part in ("wing_color", "belly_pattern", "bill_shape", "size")
    for look in ("blue", "red", "striped", "solid", "cone", "hooked")
]
CLASSES = tuple(f"{look} {bird}" for bird in ("Finch", "Tern", "Wren") for look in ("Blue", "Grey", "Least", "Painted"))


def _rows(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS[name]))


def make_data(
    *,
    arms: dict[str, str] = ARMS,
    seeds: tuple[int, ...] = (0, 1, 2),
    rounds: int = 6,
    classes: tuple[str, ...] = CLASSES,
    concepts: list[str] = CONCEPTS,
    strips: int = 8,
    masks: bool = True,
    title: str = "ToyBirds: does the ticket look at the bird?",
) -> ReportData:
    """Synthetic but shaped like a run's: parents, controls and arms with their rows in all four tables."""
    rng = np.random.default_rng(7)
    accuracy, looks, listed, drift = [], [], [], []
    tops: dict[tuple[str, int], dict[str, list[str]]] = {}
    networks = [(f"dense:{rule}", rule, s, 0, 0) for rule in dict.fromkeys(arms.values()) for s in seeds]
    networks += [("retrain:right", "right", s, 0, 0) for s in seeds if "right" in arms.values()]
    networks += [(arm, rule, s, None, r) for arm, rule in arms.items() for s in seeds for r in range(rounds)]
    for arm, rule, seed, repeat, round_ in networks:
        row = {"arm": arm, "seed": seed, "repeat": repeat, "round": round_, "weights_remaining": 0.75**round_}
        slope = 0.11 if rule != "right" else 0.012
        f = 0.93 - slope * round_ + rng.normal(0, 0.008)
        g = f - 0.06 + 0.5 * slope * round_
        for model, value in (("f", f), ("g", g), ("probe", f - 0.02), ("g-random", g - 0.1)):
            accuracy += [
                row | {"split": split, "model": model, "metric": metric, "value": value}
                for split in ("validation", "test")
                for metric in ("accuracy", "balanced_accuracy")
            ]
        found = {"method": "gradcam", "target": "dense"}
        for label in (*classes, None) if masks else ():
            unit = {"unit": "class" if label else "all", "unit_id": label or "all"}
            energy = 0.55 - 0.6 * slope * round_ + rng.normal(0, 0.01)
            looks += [
                row | found | unit | {"metric": "mask_energy", "value": energy},
                row | found | unit | {"metric": "mask_area", "target": "", "value": 0.17},
            ]
        looks += level_rows(row) if masks else []
        dead = 0.02 * round_ if rule != "right" else 0.0
        looks.append(row | found | {"metric": "dead_maps", "unit": "all", "unit_id": "all", "value": dead})
        for i, concept in enumerate(concepts):
            value = min(1.0, 0.99 - 0.012 * i - 0.15 * slope * round_ + rng.normal(0, 0.005))
            looks.append(
                row
                | {
                    "metric": "concept_auroc",
                    "method": "predictor",
                    "target": "",
                    "unit": "concept",
                    "unit_id": concept,
                    "value": value,
                }
            )
        dense = tops.get((rule, seed))
        names = {}
        for k, label in enumerate(classes):
            start = dense[label] if dense else [concepts[(k + j * 5) % len(concepts)] for j in range(3)]
            share = (
                1.0 if not dense or (arm in arms and round_ == 0) else 0.72 if arm not in arms else 0.7 - slope * round_
            )
            kept = [concept for concept in start if rng.random() < share]
            others = [c for c in rng.permutation(concepts) if c not in start]
            names[label] = (kept + others)[:3]
            listed += [
                row | {"class": label, "rank": i + 1, "concept": c, "weight": 1.0 - 0.3 * i}
                for i, c in enumerate(names[label])
            ]
            if dense and not arm.startswith("dense:"):
                drift.append(
                    row
                    | {
                        "reference_arm": f"dense:{rule}",
                        "reference_seed": seed,
                        "reference_repeat": 0,
                        "reference_round": 0,
                        "family": "concepts",
                        "metric": "top_k_overlap",
                        "method": "",
                        "target": "",
                        "split": "train",
                        "unit": "class",
                        "unit_id": label,
                        "value": 1 - len(set(names[label]) & set(start)) / 3,
                    }
                )
        drift += drift_rows(row, rule, arms)
        if arm.startswith("dense:"):
            tops[rule, seed] = names
    verdict = verdict_rows(arms, seeds, rounds)
    return ReportData(
        title=title,
        preset="toybirds",
        command="sparsight study toybirds --seeds 3 --out runs/toybirds",
        settings={
            "pruning": {"rounds": rounds, "rate": 0.25, "scope": "layer"},
            "verdict": {"level": 0.05, "margin": 0.5},
            "data": {"shortcut": 0.0, "image_size": 64},
        },
        arms=tuple(arms),
        rules=arms,
        parents=arms,
        seeds=seeds,
        rounds=rounds,
        classes=classes,
        accuracy=_rows("accuracy", accuracy),
        faithfulness=_rows("faithfulness", looks),
        concepts=_rows("concepts", listed),
        drift=_rows("drift", drift),
        ablation=_rows("ablation", []),
        verdict=verdict,
        judged=judged(arms, verdict, seeds),
        strips=tuple(_strip(rng, i, arms, rounds, classes, masks) for i in range(strips)),
        notices=(
            "The concept bill_color_pink is constant in training and was dropped.",
            "released-code, seed 1, round 5: the layer stage3.0.conv2 has died.",
        ),
        facts={
            "Data": "toybirds, 12 species, 24 concepts, 2,400 + 600 + 600 images",
            "Network": "ResNet-8, 78 k weights",
            "Networks trained": "39",
            "Wall time": "7 min 12 s",
            "Machine": "2 cores, CPU",
        },
        versions={"sparsight": "0.1.0", "torch": "2.11.0", "numpy": "2.3.1"},
    )


def _strip(rng, index: int, arms: dict[str, str], rounds: int, classes: tuple[str, ...], masks: bool) -> Strip:
    yy, xx = np.mgrid[0:64, 0:64]
    cy, cx = rng.uniform(24, 40, 2)
    body = ((yy - cy) / 11) ** 2 + ((xx - cx) / 17) ** 2 < 1
    head = (yy - cy + 10) ** 2 + (xx - cx - 12) ** 2 < 60
    sky = np.stack([120 + yy, 160 + yy // 2, 210 - yy], axis=2) + rng.normal(0, 6, (64, 64, 3))
    sky[body | head] = rng.uniform(40, 230, 3)
    image = sky.clip(0, 255).astype(np.uint8)
    label = classes[index % len(classes)]
    cells = {}
    for arm, rule in arms.items():
        row = []
        for r in range(rounds):
            dead = rule != "right" and r == rounds - 1 and index == 1
            lost = r / rounds if rule != "right" else 0.1 * r / rounds
            y, x = (1 - lost) * cy / 8 + lost * rng.uniform(0, 8), (1 - lost) * cx / 8 + lost * rng.uniform(0, 8)
            grid = np.mgrid[0:8, 0:8] + 0.5
            raw = 0.02 * (np.exp(-((grid[0] - y) ** 2 + (grid[1] - x) ** 2) / 4) - 0.2 + rng.normal(0, 0.05, (8, 8)))
            wrong = classes[(index + 1 + r) % len(classes)]
            row.append(
                StripCell(
                    r,
                    0.75**r,
                    (-np.abs(raw) if dead else raw).astype(np.float32),
                    label if lost < 0.45 else wrong,
                    dead,
                )
            )
        cells[arm] = tuple(row)
    return Strip(image, body | head if masks else None, label, label, cells)


@pytest.fixture
def report_data() -> Callable[..., ReportData]:
    """The builder of a synthetic report's data."""
    return make_data


@pytest.fixture(scope="session")
def chromium() -> Iterator[Callable[..., object]]:
    """Opens a headless Chromium of a given width and colour scheme; all are closed at the end."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("no Chromium with its chromedriver on this machine: the page is not opened")
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        for flag in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-sync",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            f"--user-data-dir={profile}",
        ):
            options.add_argument(flag)
        started = webdriver.Chrome(options=options, service=Service(driver))
        started.set_script_timeout(300)  # axe takes seconds, and on a busy machine more than the usual half a minute
        try:
            yield lambda page, width=1280, scheme="light": _open(started, page, width, scheme)
        finally:
            started.quit()


def _open(browser, page: Path, width: int, scheme: str) -> object:
    """Load a page anew at a width and colour scheme, with the logs of earlier pages emptied."""
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get_log("browser"), browser.get_log("performance")
    browser.get(page.as_uri())
    return browser


HOSTILE = (
    "<script>window.pwned = 1</script>",
    "</script><b>x",
    "$\\frac{1}{0}$ & _^ % # ~",
    "a\nb\r\n\x00\x1bc",
    "\u202eevil",
    "x" * 10_000,
    "{{ 7 * 7 }}",
    "'\"><img src=x onerror='window.pwned = 1'>",
    "مرحبا بالعالم",
    "_hidden",
    "=1+1",
    "\ud800",
)


@pytest.fixture(scope="session")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of data whose title, arms, rules, classes and concepts try to be something else than names."""
    rules = ["right", "<i>r", "right", "right", "r\"'>", "right"]
    arms = dict(zip((HOSTILE[1], HOSTILE[2], HOSTILE[8], HOSTILE[9], HOSTILE[5], HOSTILE[7]), rules, strict=True))
    data = make_data(
        arms=arms, rounds=2, seeds=(0,), classes=HOSTILE, concepts=list(HOSTILE), strips=2, title=HOSTILE[0]
    )
    values = {HOSTILE[0]: HOSTILE[7], HOSTILE[5]: HOSTILE[4]}
    data = replace(
        data,
        preset=HOSTILE[1],
        command=HOSTILE[0],
        settings={HOSTILE[2]: values},
        notices=HOSTILE,
        facts=values,
        versions=values,
    )
    return write_report(data, tmp_path_factory.mktemp("hostile") / "report")


@pytest.fixture(scope="session")
def report_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the synthetic run, written once."""
    return write_report(make_data(), tmp_path_factory.mktemp("run") / "report")


@pytest.fixture(scope="session")
def whole_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with all its parts, written once."""
    from tests.report.whole import make_whole

    return write_report(make_whole(), tmp_path_factory.mktemp("whole") / "report")
