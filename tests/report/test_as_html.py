"""The page as a parser reads it, and in a real browser."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.report.builders import BROKEN, CLEAN, FIELD_TEXT, HOSTILE, INCOMPLETE, MIXED, hostile, occurrence, render, report, warning
from tests.report.readers import Page, read_page

ATTACKS = (
    "<script>document.title='pwned'</script>",
    "<img src=x onerror=\"document.title='pwned'\">",
    "\"><svg onload=document.title='pwned'>",
    "' onmouseover='document.title=1",
    "</script><script>document.title='pwned'</script>",
    "javascript:document.title='pwned'",
)


def page(*occurrences: object, **fields: object) -> Page:
    return read_page(render(report(*occurrences, **fields), "html"))  # type: ignore[arg-type] # as `report` takes them


def test_a_finding_is_an_article_with_all_that_is_known() -> None:
    [(data, text)] = page(occurrence()).findings
    assert data == {"data-severity": "deny", "data-rule": "unregistered-plugin", "data-file": "shop/web.yaml", "data-namespace": "shop"}
    for part in (
        'did you mean "passt"?',
        "shop/web.yaml:14:21",
        f"VirtualMachine shop/web-01, {FIELD_TEXT}",
        "name: pastt",
        "help: registered",
    ):
        assert part in text


def test_what_was_not_read_or_checked_is_listed() -> None:
    text = render(MIXED, "html")
    assert "broken.yaml:3:1: a tab may not indent; use spaces" in text
    assert "no version given" in text
    assert "incomplete: no registry was found" in render(INCOMPLETE, "html")


def test_a_clean_report_has_no_filters() -> None:
    assert "form" not in [tag for tag, _ in page().elements]
    assert "clean: 3 objects checked" in render(CLEAN, "html")


def test_the_policy_allows_the_page_its_own_style_and_script_and_nothing_else() -> None:
    found = page(occurrence())
    assert "default-src 'none'" in found.policy
    assert [tag for tag, _ in found.inline] == ["style", "script"]
    for tag, content in found.inline:
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in found.policy


@pytest.mark.parametrize("text", [*HOSTILE, *ATTACKS], ids=range(len(HOSTILE) + len(ATTACKS)))
def test_hostile_text_adds_no_element(text: str) -> None:
    tags = [tag for tag, _ in page(occurrence()).elements]
    found = page(hostile(text), notes=(text,), unreadable=(BROKEN,))
    assert [tag for tag, _ in found.elements if tag in ("script", "svg", "a", "form")] == [
        tag for tag in tags if tag in ("script", "a", "form")
    ]
    assert len(found.findings) == 1


def in_browser(text: str, directory: Path, *, fragment: str = "", flags: tuple[str, ...] = ()) -> str:
    """The page as Chromium has it after its script ran; skipped where there is no Chromium."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("this machine has no Chromium (Debian: chromium)")
    file = directory / "report.html"
    file.write_text(text, encoding="utf-8")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={directory}/profile", *flags]
    url = f"{file.as_uri()}{fragment}"
    environment = {**os.environ, "HOME": str(directory)}
    done = subprocess.run([*command, "--dump-dom", url], capture_output=True, text=True, timeout=120, check=True, env=environment)
    return done.stdout


def shown(dom: str) -> list[str]:
    """The rules of the findings that are not hidden."""
    articles = re.findall(r"<article ([^>]*)>", dom)
    return [re.findall(r'data-rule="([^"]*)"', article)[0] for article in articles if "hidden" not in article]


def test_a_browser_shows_the_filters_and_all_findings(tmp_path: Path) -> None:
    dom = in_browser(render(report(occurrence(), warning()), "html"), tmp_path)
    assert "<form>" in dom
    assert "2 of 2 findings shown" in dom
    assert shown(dom) == ["unregistered-plugin", "no-binding"]


@pytest.mark.parametrize(
    ("fragment", "rules"),
    [
        ("#severity=%3Dwarn", ["no-binding"]),
        ("#rule=%3Dunregistered-plugin", ["unregistered-plugin"]),
        ("#search=DID+you+mean", ["unregistered-plugin"]),
        ("#namespace=%3Dnowhere", ["unregistered-plugin", "no-binding"]),
        ("#severity=%3Dwarn&search=did+you+mean", []),
    ],
)
def test_a_browser_filters_as_the_address_says(tmp_path: Path, fragment: str, rules: list[str]) -> None:
    dom = in_browser(render(report(occurrence(), warning()), "html"), tmp_path, fragment=fragment)
    assert shown(dom) == rules
    assert f"{len(rules)} of 2 findings shown" in dom


def test_a_browser_runs_nothing_that_a_manifest_brought(tmp_path: Path) -> None:
    text = render(report(*map(hostile, ATTACKS), notes=ATTACKS), "html")
    dom = in_browser(text, tmp_path)
    assert "<title>Bindguard report</title>" in dom
    assert f"{len(ATTACKS)} of {len(ATTACKS)} findings shown" in dom
