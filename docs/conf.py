"""Sphinx configuration of the documentation site; `make docs` builds it with warnings as errors."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(DOCS / "_ext"), str(ROOT), str(ROOT / "etl")]

project = "generel-graph"
author = "the generel-graph authors"
copyright = author
version = release = installed_version("generel-graph")
language = "en-GB"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_click",
    "plain_docstrings",
    "generated_reference",
]
exclude_patterns: list[str] = []
source_suffix = {".md": "markdown"}
root_doc = "index"
nitpicky = False
default_role = "literal"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_block"]
myst_heading_anchors = 3
myst_links_external_new_tab = True

# Signatures show the names of types as written, docstrings are plain text (see `_ext/plain_docstrings.py`).
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries = False

html_theme = "furo"
html_title = "generel-graph"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "sidebar_hide_name": False,
    "navigation_with_keys": True,
    "top_of_page_buttons": [],
}
highlight_language = "text"
pygments_style = "default"
pygments_dark_style = "monokai"
