"""Hooks of the documentation site: links to files outside docs/ lead to the repository, and certs/README.md becomes a page."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_ROOT = Path(__file__).parents[1]
_PAGES = {"certs/README.md": "certificates.md"}
"""Files of the repository outside docs/ that are pages of the site, by their name in it."""

_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that live outside docs/."""
    for source, name in _PAGES.items():
        files.append(File.generated(config, name, content=(_ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - the signature is mkdocs'
    """Rewrite links to files outside docs/: to their page where there is one, else to the repository."""
    sources = {name: source for source, name in _PAGES.items()}
    here = posixpath.dirname(sources.get(page.file.src_uri, f"docs/{page.file.src_uri}"))

    def rewritten(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(here, link[1]))
        if target in _PAGES:
            return f"]({_PAGES[target]}"
        if target.startswith("docs/"):
            return f"]({target.removeprefix('docs/')}"
        kind = "tree" if (_ROOT / target).is_dir() else "blob"
        return f"]({config.repo_url}/{kind}/main/{target}"

    return _LINK.sub(rewritten, markdown)
