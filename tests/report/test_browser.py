"""The page in a real browser: skipped, with the reason, where there is no Chromium."""

import json
import re
import time
from dataclasses import replace

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver.support.wait import WebDriverWait

from sparsight.report import write_report
from tests.report.test_colours import contrast

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
DRAWN = [["svg > *"]]
"""What axe does not see the ground of; the charts themselves it looks at."""
WIDE = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
SHOWN = """return [...new Set([...document.querySelectorAll('#strips .cell')]
    .filter(cell => cell.offsetParent !== null).map(cell => cell.dataset.round))]"""


def requests(browser):
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def slider(browser):
    return browser.find_element("id", "round")


def test_nothing_leaves_the_file_and_nothing_fails(chromium, report_page):
    browser = chromium(report_page)
    urls = requests(browser)
    assert report_page.as_uri() in urls
    # The browser's own start page, chrome://new-tab-page, may still be loading; no page can ask for it.
    assert [url for url in urls if not url.startswith(("data:", "chrome://", report_page.as_uri()))] == []
    assert browser.get_log("browser") == []


def shows(browser, rounds, seconds=10.0) -> bool:
    """Whether the page comes to show these rounds: on a busy machine its script runs a little later."""
    end = time.monotonic() + seconds
    while browser.execute_script(SHOWN) != rounds:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_the_keyboard_moves_all_images_to_another_round(chromium, report_page):
    browser = chromium(report_page)
    assert shows(browser, ["5"])
    slider(browser).send_keys("\ue012")  # arrow left
    assert shows(browser, ["4"])
    label = browser.find_element("id", "round-label").text
    assert label == "Round 4: 31.6 % of the weights"
    assert slider(browser).get_attribute("aria-valuetext").replace("\u00a0", " ") == label
    slider(browser).send_keys("\ue011")  # home
    assert shows(browser, ["0"])
    browser.find_element("id", "all-rounds").send_keys(" ")
    assert shows(browser, ["0", "1", "2", "3", "4", "5"])


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_never_scrolls_sideways(chromium, report_page, width):
    browser = chromium(report_page, width)
    assert browser.execute_script(WIDE)
    browser.execute_script("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert browser.execute_script(WIDE)
    browser.find_element("id", "all-rounds").send_keys(" ")
    assert browser.execute_script(WIDE)
    assert browser.execute_script(
        "return [...document.querySelectorAll('.lists')].some(t => t.scrollWidth > t.parentElement.clientWidth)"
    ) == (width < 1000), "wide tables scroll inside their box"


def test_the_reader_gets_the_scheme_asked_for(chromium, report_page):
    def colour(browser, selector, name):
        return browser.execute_script(f"return getComputedStyle(document.querySelector('{selector}')).{name}")

    light = chromium(report_page)
    assert colour(light, "body", "backgroundColor") == "rgb(255, 255, 255)"
    before = colour(light, ".chart svg text", "fill")
    dark = chromium(report_page, scheme="dark")
    assert colour(dark, "body", "backgroundColor") == "rgb(16, 21, 27)"
    assert (before, colour(dark, ".chart svg text", "fill")) == ("rgb(28, 37, 48)", "rgb(232, 236, 241)")


def test_without_script_every_round_is_there(chromium, report_page):
    browser = chromium(report_page)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(report_page.as_uri())
        assert not slider(browser).is_displayed()
        cells = browser.find_elements("css selector", "#strips article:first-child .cell")
        assert len(cells) == 12
        assert all(cell.is_displayed() for cell in cells)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("width", [390, 1280])
def test_hostile_names_do_nothing(chromium, hostile_page, width):
    browser = chromium(hostile_page, width)
    assert browser.execute_script("return window.pwned") is None
    assert browser.get_log("browser") == []
    assert [url for url in requests(browser) if not url.startswith(("data:", hostile_page.as_uri()))] == []
    assert browser.execute_script(WIDE)


def test_what_cannot_be_used_on_paper_is_not_printed(chromium, report_page):
    browser = chromium(report_page)
    shown = "return [...document.querySelectorAll('nav, .slider')].filter(one => one.offsetParent !== null).length"
    assert browser.execute_script(shown) == 2
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.execute_script(shown) == 0


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_axe_finds_nothing(chromium, whole_page, width, scheme):
    browser = chromium(whole_page, width, scheme)
    browser.execute_script("document.querySelectorAll('details').forEach(part => part.open = true)")
    browser.find_element("id", "all-rounds").send_keys(" ")
    found = Axe().run(
        browser, {"exclude": DRAWN}, {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    )
    told = [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]
    assert told == []
    assert {"color-contrast", "image-alt", "landmark-unique", "scrollable-region-focusable", "svg-img-alt"} <= {
        one["id"] for one in found["passes"]
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_charts_words_stand_out(chromium, whole_page, scheme):
    browser = chromium(whole_page, scheme=scheme)
    ground, words = browser.execute_script("""const of = (one, name) => getComputedStyle(one)[name];
        return [of(document.body, "backgroundColor"),
            [...new Set([...document.querySelectorAll(".chart svg text")].map(one => of(one, "fill")))]]""")
    ground, *words = (
        f"#{''.join(f'{int(part):02x}' for part in re.findall('[0-9]+', own))}" for own in (ground, *words)
    )
    assert words
    assert all(contrast(own, ground) >= 4.5 for own in words)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_keyboard_reaches_whatever_scrolls_and_hears_its_name(chromium, whole_page, width):
    scrolling = """return [...document.querySelectorAll("main *, header *")].filter(one =>
        one.scrollWidth > one.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(one).overflowX))"""
    browser = chromium(whole_page, width)
    browser.execute_script("document.querySelectorAll('details').forEach(part => part.open = true)")
    rows = browser.find_elements("css selector", ".cells")
    assert {row.get_property("tabIndex") for row in rows} == {-1}, "a single map is no stop on the way"
    browser.find_element("id", "all-rounds").send_keys(" ")
    assert {row.get_property("tabIndex") for row in rows} == {0}
    found = browser.execute_script(scrolling)
    assert found
    for one in found:
        assert one.get_property("tabIndex") == 0
        assert one.aria_role in ("region", "group")
        assert one.accessible_name
    browser.execute_script("arguments[0].focus()", found[-1])
    browser.switch_to.active_element.send_keys("\ue014" * 3)  # arrow right
    moved = WebDriverWait(browser, 10).until(
        lambda driver: driver.execute_script("return arguments[0].scrollLeft", found[-1])
    )
    assert moved > 0


@pytest.mark.parametrize(("count", "opened"), [(2, True), (9, False)])
def test_why_answers_are_undecided_is_readable_on_a_phone(chromium, report_data, tmp_path, count, opened):
    """Every line in whole within the screen, in letters of 14 pixels and more that stand out of their ground."""
    data = report_data(strips=0, rounds=count + 1, arms={"magnitude-global" + "-wide" * 12: "right"})
    arm = data.arms[0]
    why = "Agreement of maps: 3 seeds cannot show it at 5 % (the noise of 0.2 is above the margin); " * 2
    rounds = [
        {"round": i, "weights_remaining": 0.75**i, "winning": "yes", "explanation": "undecided"}
        | {"why_explanation": {"map_iou_20": f"{i}: {why}"}}
        for i in range(1, count + 1)
    ]
    data = replace(data, judged={**data.judged, "arms": {arm: {**data.judged["arms"][arm], "rounds": rounds}}})
    browser = chromium(write_report(data, tmp_path), 390)
    part = browser.find_element("css selector", "details.whys")
    assert (part.get_attribute("open") is not None) == opened, "a long list is closed"
    if not opened:
        part.find_element("css selector", "summary").click()
    lines = part.find_elements("css selector", "li")
    assert len(lines) == count
    for line in lines:
        box = line.rect
        assert 0 <= box["x"] < box["x"] + box["width"] <= 390
        assert "cannot show it" in line.text
        assert float(line.value_of_css_property("font-size").removesuffix("px")) >= 14
    low = lines[0].rect["y"] + lines[0].rect["height"]
    assert lines[1].rect["y"] - low >= 4, "reasons are set apart"
    assert part.value_of_css_property("border-left-width") == "4px"
    assert browser.execute_script(WIDE)
    found = Axe().run(browser, context={"include": [["details.whys"]]}, options={"runOnly": RULES})
    assert found["violations"] == []
