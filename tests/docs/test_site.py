"""The documentation site builds strictly, and shows nothing that comes from another host."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class _Assets(HTMLParser):
    """Collects what a browser loads by itself: scripts, images, style sheets, fonts."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        loaded = tag in ("script", "img", "iframe", "source") or (tag == "link" and values.get("rel") in ("stylesheet", "preload", "icon"))
        if loaded:
            self.urls += [url for url in (values.get("src"), values.get("href")) if url]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(directory)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


def test_every_page_is_in_the_navigation(site: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    navigation = re.findall(r"([a-z-]+)\.md$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert pages <= set(navigation)
    assert {path.stem for path in site.glob("*.html")} >= set(navigation)


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    foreign = {}
    for page in site.rglob("*.html"):
        assets = _Assets()
        assets.feed(page.read_text(encoding="utf-8"))
        assert assets.urls, page
        foreign[page.name] = [url for url in assets.urls if re.match(r"(https?:)?//", url)]
    assert {page: urls for page, urls in foreign.items() if urls} == {}


def test_links_to_files_outside_the_docs_lead_to_the_repository(site: Path) -> None:
    page = (site / "quick-start-ci.html").read_text(encoding="utf-8")
    assert 'href="https://github.com/bindguard/bindguard/blob/main/examples/ci/gitlab.yaml"' in page
    assert 'href="certificates.html"' in (site / "architecture.html").read_text(encoding="utf-8")
