"""The built pages: no warning, no dead link, nothing from elsewhere, in a browser too."""

import functools
import http.server
import json
import os
import re
import subprocess
import sys
import threading

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT

ELSEWHERE = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"?(?:https?:)?//", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages, built strictly: a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    ended = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    return folder


def test_every_page_is_there_and_asks_for_nothing_elsewhere(site):
    for page in PAGES:
        built = (site / page).with_suffix(".html").read_text(encoding="utf-8")
        assert not ELSEWHERE.search(built), page
    assert (site / "search" / "search_index.json").stat().st_size > 10_000


def test_the_api_is_shown_with_shapes(site):
    shown = re.sub(r"<[^>]+>", "", (site / "api" / "saliency.html").read_text(encoding="utf-8"))
    assert "&#34;b t h w&#34;" in shown or '"b t h w"' in shown


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *arguments):
        pass


@pytest.fixture(scope="module")
def address(site):
    handler = functools.partial(Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_the_browser_asks_nobody_else_and_complains_of_nothing(chromium, address, width, scheme):
    browser = chromium(DOCS / "style.css", width, scheme)
    for page in ("index.html", "study.html", "tools.html", "api/saliency.html"):
        browser.get(f"{address}/{page}")
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"), page
        background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") == (scheme == "light"), page
        assert [entry for entry in browser.get_log("browser") if "favicon" not in entry["message"]] == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert any(url.startswith(address) for url in asked)
    assert [url for url in asked if not url.startswith((address, "file:", "data:", "blob:", "chrome:"))] == []


def test_commands_are_copied_without_their_prompts(chromium, address):
    browser = chromium(DOCS / "style.css")
    browser.get(f"{address}/study.html")
    script = """
        const code = [...document.querySelectorAll('code')].find(one => one.innerText.startsWith('$ sparsight'));
        code.setAttribute('data-md-copying', ''); return code.innerText.trim()"""
    assert browser.execute_script(script) == "sparsight study small.yaml --workers 0"
