"""The review page, in a real browser: open, filter, decide by button and by key, download, and apply what was decided."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import despin
from despin import cli
from despin.report import report_page
from despin.results import PassageScore, Repair, Score, Scores
from despin.values import Edit, Evidence, Refusal, Step

EVIL = "</script><script>document.title = 'broken'</script>"
SCORE = Score(0.9, "flag", "for testing", 99.5, "phrase_rewriter", 1.0, 60, (), "despin test")
SOURCE = f"😀 An mistake in important signs.\r\nTwo lines, {EVIL}\nand a end."


def at(before: str) -> tuple[int, int, str]:
    return SOURCE.index(before), SOURCE.index(before) + len(before), before


EDITS = (
    Edit(*at("An mistake"), "An error", "spin.map", 0.9, (Evidence(2.0, "spin.map", EVIL),), ("A slip",)),
    Edit(*at("signs"), "organs", "spin.common", 0.72),
    Edit(*at("Two lines"), "Two rows", "ocr.letters", 0.8),
)
REFUSALS = (Refusal(*at("important signs"), "vital signs", "spin.pair", 0.4, "not sure enough"),)
TEXT = SOURCE.replace("An mistake", "An error").replace("signs", "organs").replace("Two lines", "Two rows")
REPAIR = Repair(SOURCE, TEXT, (Step("wording", EDITS),), REFUSALS, "despin test", Scores(SCORE, SCORE))
PASSAGES = (PassageScore(0, 32, SCORE), PassageScore(32, len(SOURCE), SCORE))


def test_a_page_is_one_file_that_needs_no_network() -> None:
    page = report_page([("page.txt", REPAIR, PASSAGES)])
    assert "default-src 'none'" in page
    assert page.count("</script>") == 2  # the data's and the script's own: none out of the text
    for sign in ("http://", "https://", "url(", "@import", "/*DATA*/", "/*STYLE*/", "/*SCRIPT*/"):
        assert sign not in page


def test_offsets_are_those_of_javascript_and_of_python() -> None:
    page = report_page([("page.txt", REPAIR, PASSAGES)])
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    (paper,) = data["documents"]
    first = paper["choices"][0]
    assert (first["at"], first["start"], first["end"]) == ([2, 12], 3, 13)  # the emoji is two units in JavaScript
    assert first["wordings"] == ["An error", "A slip"]
    assert paper["text"] == SOURCE


def test_a_text_that_was_not_scored_has_a_page_that_says_so(tmp_path: Path) -> None:
    text, page = tmp_path / "a.txt", tmp_path / "report.html"
    text.write_text("Das Caf\u00c3\u00a9 war geschlossen.", encoding="utf-8")
    assert run("report", text, "-o", page, "--lang", "de").exit_code == 0
    (paper,) = json.loads(page.read_text(encoding="utf-8").split('id="data">')[1].split("</script>")[0])["documents"]
    assert (paper["verdict"], paper["probability"], paper["passages"]) == ("not scored", None, [])
    assert "nothing was scored" in paper["reason"]
    assert [choice["wordings"] for choice in paper["choices"]] == [["é"]]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments], catch_exceptions=False)


def test_the_command_writes_a_page_and_obeys_decisions(tmp_path: Path) -> None:
    text, page, record = tmp_path / "a.txt", tmp_path / "report.html", tmp_path / "record.json"
    text.write_bytes(SOURCE.encode())
    assert run("report", text, "-o", page).exit_code == 0
    assert "a.txt" in page.read_text(encoding="utf-8")
    digest = REPAIR.record().source
    source = {"sha256": digest.sha256, "length": digest.length}
    edits = [[2, 12, "An mistake", "A slip", "spin.map", 0.9]]
    document = {"name": "a.txt", "source": source, "signature": "test", "edits": edits}
    decisions = tmp_path / "decisions.json"
    decisions.write_text(json.dumps({"schema": "despin.decisions/1", "documents": [document]}), encoding="utf-8")
    repaired = run("repair", text, "--decisions", decisions, "--record", record, "-q")
    assert repaired.stdout_bytes.decode() == SOURCE.replace("An mistake", "A slip")
    assert despin.undo(repaired.stdout_bytes.decode(), record.read_text(encoding="utf-8")) == SOURCE
    text.write_bytes(b"Another text.")
    refused = run("repair", text, "--decisions", decisions)
    assert (refused.exit_code, refused.stdout_bytes) == (2, b"")
    assert "make the report again" in refused.stderr


def test_the_page_cannot_take_the_place_of_a_text(tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("A text.", encoding="utf-8")
    assert run("report", text, "-o", text).exit_code == 2
    assert text.read_text(encoding="utf-8") == "A text."


# ---------------------------------------------------------------------------------------------------------------------
# In the browser


class Page:
    """A page in the browser, and the files that it downloads."""

    def __init__(self, driver: Any, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads

    def __call__(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(f"return {script}", *arguments)

    def all(self, selector: str) -> list[Any]:
        found: list[Any] = self.driver.find_elements("css selector", selector)
        return found

    def one(self, selector: str) -> Any:
        (element,) = self.all(selector)
        return element

    def press(self, keys: str) -> None:
        self.driver.switch_to.active_element.send_keys(keys)

    def rows(self) -> list[str]:
        """The words of the rows that are shown."""
        return [row.text for row in self.all("#changes .row") if row.is_displayed()]

    def shown(self, selector: str) -> list[str]:
        return [element.text for element in self.all(selector)]

    def download(self) -> dict[str, Any]:
        """What "download decisions" wrote."""
        self.one("#download").click()
        file = self.downloads / "decisions.json"
        for _ in range(200):
            if file.exists():
                value: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
                return value
            time.sleep(0.05)
        raise AssertionError(f"nothing was downloaded: {list(self.downloads.iterdir())}")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("no chromium and chromedriver here; apt-get install chromium chromium-driver")
    folder = tmp_path_factory.mktemp("browser")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    switches = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    for switch in f"{switches} disable-component-update disable-sync disable-dev-shm-usage".split():
        options.add_argument(f"--{switch}")
    options.add_argument(f"--user-data-dir={folder / 'profile'}")
    options.add_argument("--window-size=1300,1000")
    downloads = folder / "downloads"
    downloads.mkdir()
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    try:
        yield driver, downloads
    finally:
        driver.quit()


@pytest.fixture
def open_page(browser: tuple[Any, Path], tmp_path: Path) -> Callable[[str], Page]:
    driver, downloads = browser
    for file in downloads.iterdir():
        file.unlink()

    def opened(html: str) -> Page:
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        driver.get(path.as_uri())
        return Page(driver, downloads)

    return opened


def test_text_stays_text(open_page: Callable[[str], Page]) -> None:
    page = open_page(report_page([(EVIL, REPAIR, PASSAGES)]))
    assert page("document.title") == "despin report"
    assert page("document.getElementById('text').innerText").count(EVIL) == 1
    for source in (REPAIR._repr_html_(), SCORE._repr_html_()):
        assert open_page(f"<title>notebook</title>{source}")("document.title") == "notebook"


def test_filtering(open_page: Callable[[str], Page]) -> None:
    page = open_page(report_page([("page.txt", REPAIR, PASSAGES)]))
    assert len(page.rows()) == 4
    page.one("#query").send_keys("vital")
    (row,) = page.rows()
    assert "important signs" in row
    page.one("#query").clear()
    page("document.getElementById('query').dispatchEvent(new Event('input', {bubbles: true}))")
    page.one("#kind option[value=ocr]").click()
    assert len(page.rows()) == 1
    page.one("#kind option[value='']").click()
    page.one("#state option[value=rejected]").click()
    assert [row for row in page.rows() if "vital signs" in row] == page.rows() != []


def test_two_edits_are_rejected_downloaded_and_the_rest_applied(open_page: Callable[[str], Page]) -> None:
    page = open_page(report_page([("page.txt", REPAIR, PASSAGES)]))
    for wanted in ("organs", "Two rows"):
        (row,) = [row for row in page.all("#changes .row") if wanted in row.text]
        row.find_element("css selector", "[data-act=reject]").click()
    assert "1 of 4 changes accepted, 2 decided by you" in page.one("#status").text
    decisions = page.download()
    repair = despin.repair_as_decided(SOURCE, decisions)
    assert repair.text == SOURCE.replace("An mistake", "An error")
    assert repair.undo() == SOURCE


def test_a_refused_finding_is_accepted_by_key_and_takes_the_place_of_an_edit(open_page: Callable[[str], Page]) -> None:
    page = open_page(report_page([("page.txt", REPAIR, PASSAGES)]))
    page.one("#text").click()
    page.press("jj")
    assert "important signs" in page.one("#changes .row.chosen").text
    page.press("a")
    assert "1 change of the same place rejected" in page.one("#status").text
    page.press("k2")  # the first edit, with its second wording
    text = despin.repair_as_decided(SOURCE, page.download()).text
    assert text == SOURCE.replace("An mistake", "A slip").replace("important signs", "vital signs").replace(
        "lines", "rows"
    )


def test_both_sides_and_evidence_are_shown(open_page: Callable[[str], Page]) -> None:
    page = open_page(report_page([("page.txt", REPAIR, PASSAGES)]))
    page.one("input[value=sides]").click()
    assert page.shown("[data-view=before] del") == ["An mistake", "signs", "Two lines"]
    assert page.shown("[data-view=after] ins") == ["An error", "organs", "Two rows"]
    details = page.all("#changes details")[0]
    details.find_element("css selector", "summary").click()
    page.driver.implicitly_wait(2)
    assert EVIL in details.find_element("css selector", "ul").text


def test_five_thousand_edits(open_page: Callable[[str], Page]) -> None:
    count = 5000
    text = "An mistake here.\n" * count
    edits = tuple(Edit(i * 17, i * 17 + 10, "An mistake", "An error", "spin.map", 0.9) for i in range(count))
    big = Repair(
        text, text.replace("An mistake", "An error"), (Step("wording", edits),), (), "test", Scores(SCORE, SCORE)
    )
    page = open_page(report_page([("big.txt", big, ())]))
    assert page("document.querySelectorAll('#changes .row').length") == count
    page.press("jr")
    assert f"{count - 1} of 5,000 changes accepted" in page.one("#status").text
    assert len(page.download()["documents"][0]["edits"]) == count - 1
