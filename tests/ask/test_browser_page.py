"""Neo4j Browser in a real Chromium: the page of `generel-graph browser` is signed in, styled, and has our queries."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from generel_graph.ask.recipes.recipe import read_recipe
from generel_graph.graph import Graph
from generel_graph.server import browser_files
from tests.conftest import VERSIONS, Running

PROGRAMS = ("chromium", "chromedriver")
SECONDS = 120  # to wait for what the page shows: it loads four megabytes of script
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,800",
)
DROP = """
const [target, name, text] = arguments;
const data = new DataTransfer();
data.items.add(new File([text], name));
for (const type of ['dragenter', 'dragover', 'drop']) {
  target.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: data}));
}
"""


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator:
    """A headless Chromium with a fresh profile; skips without one, except in CI."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        message = f"{missing[0]} is not installed: apt-get install chromium chromium-driver"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    options.page_load_strategy = "none"  # the page asks for things of the network, which need not answer
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(switch)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


def edge(kind: str, start: str, end: str, key: str, **props) -> tuple[str, dict]:
    return kind, {"start": start, "end": end, "props": {"source": "toy", "key": key, **props}}


@pytest.fixture
def loaded(graph: Graph) -> None:
    concepts = {
        "MONDO:0008383": ("Disease", "rheumatoid arthritis"),
        "HGNC:9652": ("Gene", "PTPN22"),
        "DRUGBANK:DB1": ("Drug", "a drug"),
    }
    nodes = [
        {"id": id_, "labels": ["Concept", "Entity", kind], "remove": [], "props": {"kind": kind, "name": name}}
        for id_, (kind, name) in concepts.items()
    ]
    nodes.append({"id": "rs2476601", "labels": ["SNP", "Entity"], "remove": [], "props": {"kind": "SNP"}})
    graph.batches("load/merge_nodes", nodes)
    for kind, row in (
        edge("ASSOCIATED_WITH", "rs2476601", "MONDO:0008383", "1", odds_ratio=1.7, effect_allele="A"),
        edge("LOCATED_IN", "rs2476601", "HGNC:9652", "2"),
        edge("TARGETS", "DRUGBANK:DB1", "HGNC:9652", "3"),
    ):
        graph.batches("load/create_edges", [row], type=kind)


@pytest.mark.parametrize("graph", VERSIONS[:1], indirect=True)  # the page is the same on both
def test_browser_is_signed_in_and_styled_and_runs_the_queries_of_the_guide(
    loaded: None, graph: Graph, chromium, servers: dict[str, Running], tmp_path: Path
) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    server, files = servers[VERSIONS[0]], browser_files()
    wait = WebDriverWait(chromium, SECONDS)

    def all_of(css: str) -> list:
        return chromium.find_elements(By.CSS_SELECTOR, css)

    def drop(path: Path) -> None:
        editor = chromium.find_element(By.CSS_SELECTOR, "[data-testid=activeEditor]")
        chromium.execute_script(DROP, editor, path.name, path.read_text(encoding="utf-8"))

    def run(path: Path, shows: str) -> None:
        drop(path)
        pasted = "//button[normalize-space()='Paste in editor']"
        wait.until(lambda page: page.find_elements(By.XPATH, pasted))[0].click()
        wait.until(lambda _: shows in all_of("[data-testid=activeEditor]")[0].text)
        all_of("[data-testid=editor-Run]")[0].click()

    assert server.password not in server.browser
    chromium.get(server.browser)
    wait.until(lambda _: all_of("input[type=password]"))
    assert all_of("[data-testid=username]")[0].get_attribute("value") == server.user
    all_of("input[type=password]")[0].send_keys(server.password + Keys.ENTER)
    wait.until(lambda page: "You are connected as user" in page.page_source)
    assert "we collect information" not in chromium.page_source

    drop(files / "generel.grass")
    wait.until(lambda page: "DrugClass" in page.execute_script("return localStorage['neo4j.grass']"))
    run(files / "queries" / "snp_neighbourhood.cypher", shows="rs2476601")
    wait.until(lambda _: len(all_of("svg g.node circle.b-outline")) == 4)
    drawn = {circle.get_attribute("fill") for circle in all_of("svg g.node circle.b-outline")}
    ours = dict(
        re.findall(r"^node\.(\w+) \{[^}]*?\bcolor: (#\w{6})", (files / "generel.grass").read_text(), re.MULTILINE)
    )
    assert drawn == {ours[kind] for kind in ("SNP", "Disease", "Gene", "Drug")}

    recipe = tmp_path / "recipe.cypher"  # as `recipe snp_effects --show` prints it, to paste
    recipe.write_text(read_recipe("snp_effects", graph.capabilities, 0).pasteable({"snp": "rs2476601"}))
    run(recipe, shows="What are the reported effects of one SNP")
    wait.until(lambda page: page.find_elements(By.XPATH, "//td[contains(., 'raises')]"))
    picture = tmp_path / "browser.png"
    assert chromium.save_screenshot(str(picture))
    assert picture.stat().st_size > 10_000
