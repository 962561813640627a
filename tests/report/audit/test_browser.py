"""The page in a real browser: skipped, with the reason, where there is no Chromium."""

import base64
import json
import time

import pytest
from axe_core_python.selenium import Axe

from sparsight.report.audit import write_audit_report

WIDE = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
CLIPS = """return [...document.querySelectorAll('#image-0 .over')]
    .map(one => getComputedStyle(one).clipPath.match(/inset\\(0(?:px)? ([\\d.]+)%/)[1])"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def slider(browser):
    return browser.find_element("id", "wipe-0")


def comes(browser, script, wanted, seconds=10.0) -> bool:
    """Whether a script comes to give what is wanted: on a busy machine the page's own runs a little later."""
    end = time.monotonic() + seconds
    while browser.execute_script(script) != wanted:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_nothing_leaves_the_file_and_nothing_fails(chromium, audit_page):
    browser = chromium(audit_page)
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert audit_page.as_uri() in urls
    # The browser's own start page, chrome://new-tab-page, may still be loading; no page can ask for it.
    assert [url for url in urls if not url.startswith(("data:", "chrome://", audit_page.as_uri()))] == []
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_verdict_is_on_the_first_screen_and_links_lead_to_what_they_name(chromium, audit_page, width):
    browser = chromium(audit_page, width)
    tops = browser.execute_script(
        "return [...document.querySelectorAll('.verdict h2, .pointers a')].map(one => one.getBoundingClientRect().top)"
    )
    assert tops[0] < 800
    if width == 1280:
        assert max(tops) < 800, "all of it on a desk"
    browser.execute_script("document.documentElement.style.scrollBehavior = 'auto'")
    for link in browser.find_elements("css selector", ".pointers a"):
        target = link.get_attribute("href").partition("#")[2]
        link.send_keys("\ue007")  # enter
        near = f"return Math.abs(document.getElementById('{target}').getBoundingClientRect().top) < 40"
        assert comes(browser, near, True), target


def test_the_keyboard_wipes_from_the_models_map_to_the_originals(chromium, audit_page):
    browser = chromium(audit_page)
    control = slider(browser)
    assert control.get_attribute("aria-valuetext") == "the model's map"
    assert browser.execute_script(CLIPS) == []
    control.send_keys("\ue014" * 2)  # arrow right
    assert comes(browser, CLIPS, ["90", "90"]), "both models' maps are wiped"
    assert control.get_attribute("aria-valuetext") == "the original's map over 10 % of the picture, from the left"
    control.send_keys("\ue010")  # end
    assert comes(browser, CLIPS, ["0", "0"])
    assert control.get_attribute("aria-valuetext") == "the original's map"
    laid, original = (
        browser.find_element("css selector", f"#image-0 {one}").get_attribute("src") for one in (".over", ".before img")
    )
    assert laid == original
    control.send_keys("\ue011")  # home
    assert comes(browser, CLIPS, ["100", "100"])
    assert browser.execute_script("return document.querySelectorAll('#image-1 .over').length") == 0


def test_without_script_both_maps_are_there_and_no_slider(chromium, audit_page):
    browser = chromium(audit_page)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(audit_page.as_uri())
        assert not slider(browser).is_displayed()
        images = browser.find_elements("css selector", "#image-0 img")
        assert len(images) == 2 + 2 * 2
        assert all(image.is_displayed() for image in images)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_never_scrolls_sideways(chromium, audit_page, hostile_audit, width):
    for page in (audit_page, hostile_audit):
        browser = chromium(page, width)
        assert browser.execute_script(WIDE)
        browser.execute_script("document.querySelectorAll('details').forEach(part => part.open = true)")
        assert browser.execute_script(WIDE), page.parent
        assert browser.execute_script("return window.pwned") is None
        assert browser.get_log("browser") == []


def test_the_reader_gets_the_scheme_asked_for(chromium, audit_page):
    def colour(browser, selector, name):
        return browser.execute_script(f"return getComputedStyle(document.querySelector('{selector}')).{name}")

    light = chromium(audit_page)
    before = [colour(light, "body", "backgroundColor"), colour(light, ".chart svg text", "fill")]
    dark = chromium(audit_page, scheme="dark")
    after = [colour(dark, "body", "backgroundColor"), colour(dark, ".chart svg text", "fill")]
    assert before == ["rgb(255, 255, 255)", "rgb(28, 37, 48)"]
    assert after == ["rgb(16, 21, 27)", "rgb(232, 236, 241)"]


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_axe_finds_nothing(chromium, audit_page, width, scheme):
    browser = chromium(audit_page, width, scheme)
    browser.execute_script("document.querySelectorAll('details').forEach(part => part.open = true)")
    found = Axe().run(browser, options={"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]})
    told = [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]
    assert told == []
    assert {"color-contrast", "image-alt", "label", "scrollable-region-focusable"} <= {
        one["id"] for one in found["passes"]
    }


def test_what_cannot_be_used_on_paper_is_not_printed(chromium, audit_page):
    browser = chromium(audit_page)
    slider(browser).send_keys("\ue010")  # end
    assert comes(browser, CLIPS, ["0", "0"])
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})
    paper = base64.b64decode(printed["data"])
    assert paper.startswith(b"%PDF")
    assert len(paper) > 50_000
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    shown = "return [...document.querySelectorAll('{}')].filter(one => one.offsetParent !== null).length"
    assert browser.execute_script(shown.format("nav, .wipe, .over")) == 0
    assert browser.execute_script(shown.format(".after img, .before img, .moved img")) == 4 * 5


def load_seconds(browser, page) -> float:
    """Processor seconds of loading a page."""
    browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    try:
        browser.get(page.as_uri())
        found = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    finally:
        browser.execute_cdp_cmd("Performance.disable", {})
    return {one["name"]: one["value"] for one in found}["TaskDuration"]


def test_a_large_audit_is_a_small_file_that_is_soon_there(chromium, audit_data, tmp_path):
    models = {"torchvision:resnet50@sparse.safetensors": 0.25, "timm:resnet50.int8": 0.04, "my.module:small@w.pt": 0.4}
    classes = tuple(f"{i:03d}.Some_Long_Winded_Bird" for i in range(200))
    data = audit_data(models=models, classes=classes, images=1000, pictures=12, side=224)
    page = write_audit_report(data, tmp_path)
    assert page.stat().st_size < 5_000_000
    browser = chromium(page)
    # The least of three: on a busy core the same work takes longer by its own clock, too.
    assert min(load_seconds(browser, page) for _ in range(3)) < 1, "of the processor, whatever else the machine does"
