"""The gallery: every op once, shown by what it makes of an example."""

import dataclasses
import functools
from html.parser import HTMLParser

import pytest

from hfaug.catalog import all_classes, lookup
from hfaug.gallery import op_section, pages_html
from hfaug.op import Op
from hfaug.pages import op_page
from tests import lexicons

lexicons.install()  # a folder without the wordnet that ops name by default, whoever fetched it

NEED_MORE = {"text.eda", "text.insert_synonyms", "text.replace_synonyms"}
"""A wordnet that was fetched."""

SHOWN = [
    name
    for name, cls in all_classes().items()
    if "." in name and issubclass(cls, Op) and cls.models is Op.models and name.partition(".")[0] != "filter"
    if name not in NEED_MORE
]


class Seen(HTMLParser):
    """Ids and sources of a page."""

    def __init__(self):
        super().__init__()
        self.ids, self.sources = [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.sources += [found["src"]] if "src" in found else []


@functools.cache
def gallery():
    """The page of all ops."""
    seen = Seen()
    seen.feed(pages_html())
    return seen


def test_the_page_holds_every_op_once_and_needs_no_other_file():
    assert sorted(gallery().ids) == sorted(all_classes())
    assert all(source.startswith("data:") for source in gallery().sources)


@pytest.mark.parametrize("name", SHOWN)
def test_an_op_is_shown_by_what_it_does(name):
    """A row and at least one copy that differs from it; a model op and a filter have nothing to show."""
    (cells,) = op_section(name).strips
    assert cells[0].title in {"original", "request"}
    assert len(cells) >= 2


@pytest.mark.parametrize(
    "name",
    [
        "filter.exact_duplicates",
        "text.back_translate",
        "image.sample",
        "image.text_to_image",
        "chain",
        *sorted(NEED_MORE),
    ],
)
def test_what_needs_more_than_its_defaults_has_no_picture(name):
    """And no model is asked for, so nothing is fetched."""
    assert op_section(name) is None
    assert lookup(name)


@pytest.mark.parametrize("name", [name for name in SHOWN if name.startswith("text.")])
def test_an_example_of_an_op_on_text_shows_a_change(name):
    """More than every other copy differs."""
    original, *copies = ([panel.pieces for panel in cell.panels] for cell in op_section(name).strips[0])
    assert sum(copy != original for copy in copies) > len(copies) / 2


def test_the_places_of_slots_are_marked_in_a_text_that_was_written():
    _, *copies = op_section("text.fill_templates").strips[0]
    pieces = [piece for cell in copies for panel in cell.panels for piece in panel.pieces]
    marked = {(name, piece.text) for piece in pieces for name in piece.labels}
    assert {name for name, _ in marked} == {"person", "place"}
    assert marked & {("place", "Rome"), ("place", "Paris"), ("person", "Ada"), ("person", "Sam Brown")}


def test_what_has_no_example_says_why():
    html = pages_html([op_page("text.eda"), op_page("text.back_translate")])
    assert html.count("An example needs a wordnet; to fetch one, run <code>python -m wn --dir ") == 1
    assert "An example needs a model; <code>hfaug preview</code> shows one." in html


def test_html_is_escaped_and_marked_up():
    page = dataclasses.replace(op_page("image.flip"), line="`a<b>` & <i>c</i>.")
    assert "<code>a&lt;b&gt;</code> &amp; &lt;i&gt;c&lt;/i&gt;." in pages_html([page])
