"""Pictures and pages: written, whatever the text, and with nothing of it read as markup."""

from html.parser import HTMLParser

import matplotlib.image
import numpy as np
import pytest

from rnnzoo.config import UserError
from rnnzoo.inspection import (
    Activations,
    GradientFlow,
    draw_attention,
    plot_activations,
    plot_gradient_flow,
    write_activations_page,
    write_gradient_flow_page,
)

ODD = ["<script>", "&amp;", '"', "'", " ", "\n", "\t", "\x00", "\u202e", "\ud800", "", "良", "$x_$", "é"]


class Page(HTMLParser):
    """The tags of a page, the text in its spans, and where it would go for more."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.spans, self.titles, self.elsewhere = [], [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        attributes = dict(attrs)
        self.elsewhere += [value for name, value in attrs if name in ("src", "href") and not value.startswith("#")]
        if tag == "span" and "title" in attributes:
            self.titles.append(attributes["title"])
            self.spans.append("")

    def handle_data(self, data):
        if self.spans and self.tags[-1] in ("span", "i"):
            self.spans[-1] += data


def make_activations(tokens, width=3):
    values = np.random.default_rng(0).uniform(-1, 1, (len(tokens), width)).astype(np.float32)
    return Activations(tuple(tokens), (values,), units=width)


def read_size(path):
    pixels = matplotlib.image.imread(path)
    assert np.ptp(pixels) > 0.5
    return pixels.shape[:2]


@pytest.mark.parametrize("tokens", [["a"], ODD, list("characters " * 30), ["whole", "words", "internationalisation"]])
def test_the_heat_map_is_written(tokens, tmp_path):
    plot_activations(make_activations(tokens), [(0, 0), (0, 2)], tmp_path / "x.png")
    height, width = read_size(tmp_path / "x.png")
    assert width < 2500
    assert height > 60 * -(-len(tokens) // 100)


def test_a_unit_that_never_moves_is_drawn_too(tmp_path):
    still = Activations(("a", "b"), (np.zeros((2, 1), np.float32),), units=1)
    plot_activations(still, [(0, 0)], tmp_path / "x.png")
    write_activations_page(still, [(0, 0)], tmp_path / "x.html")
    assert Page(tmp_path / "x.html").titles == ["+0.00", "+0.00"]


def test_the_page_shows_each_token_of_each_unit_as_text(tmp_path):
    activations = make_activations(ODD)
    write_activations_page(activations, [(0, 1), (0, 2)], tmp_path / "x.html", title="a <b> & c")
    page = Page(tmp_path / "x.html")
    assert not {"script", "b"} & set(page.tags)
    assert page.elsewhere == []
    assert len(page.titles) == 2 * len(ODD)
    assert page.titles[: len(ODD)] == [f"{value:+.2f}" for value in activations.values((0, 1))]
    assert [span.strip() for span in page.spans[:6]] == ["<script>", "&amp;", '"', "'", "", "↵"]
    assert page.spans[6:13] == [" ", "␀", "\ufffd", "\ufffd", "∅", "良", "$x_$"]


def test_a_long_text_is_cut_and_the_page_says_so(tmp_path):
    write_activations_page(make_activations("a" * 5001, width=1), [(0, 0)], tmp_path / "x.html")
    assert len(Page(tmp_path / "x.html").titles) == 5000
    assert "the first 5,000 of 5,001 tokens" in (tmp_path / "x.html").read_text()


def test_gradient_curves_are_drawn_and_listed(tmp_path):
    flow = GradientFlow({"half <of> it": 0.5 ** np.arange(30), "none": np.zeros(30), "mine": np.ones(8)}, ("mine",))
    plot_gradient_flow(flow, tmp_path / "x.png")
    read_size(tmp_path / "x.png")
    write_gradient_flow_page(flow, tmp_path / "x.html")
    page = Page(tmp_path / "x.html")
    assert "svg" in page.tags
    assert not {"of", "script"} & set(page.tags)
    assert page.elsewhere == []
    source = (tmp_path / "x.html").read_text()
    # After 1, 2, 5, 10 and 20 steps.
    cells = "".join(f"<td>{0.5**distance:.1e}</td>" for distance in (1, 2, 5, 10, 20))
    assert f"<tr><td>half &lt;of&gt; it</td>{cells}</tr>" in source


# Attention


def make_weights(num_outputs, num_sources):
    weights = np.random.default_rng(0).uniform(0, 1, (num_outputs, num_sources))
    return weights / weights.sum(axis=1, keepdims=True)


class Cells(HTMLParser):
    """The headings of a table and the weights in its rows."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.headings, self.rows = [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append(float(dict(attrs)["title"]))

    def handle_data(self, data):
        if "table" in self.tags and self.tags[-1] in ("th", "span") and data.strip("\n"):
            self.headings.append(data)


@pytest.mark.parametrize("ending", ["png", "html", "PNG"])
@pytest.mark.parametrize(
    ("source", "output"),
    [(["a", "<eos>"], ["b"]), (ODD[:9], ["$x_$", "<b>", "▁良", "é"]), (["<eos>"], []), (["a"] * 210, ["b"] * 12)],
)
def test_attention_is_drawn(source, output, ending, tmp_path):
    draw_attention(source, output, make_weights(len(output), len(source)), tmp_path / f"x.{ending}")
    assert [path.name for path in tmp_path.iterdir()] == [f"x.{ending}"]
    if ending != "html":
        height, width = read_size(tmp_path / f"x.{ending}")
        assert 20 * min(len(source), 200) < width < 6000 and height < 6000


def test_the_page_has_the_weight_of_each_token(tmp_path):
    source, output = ["<script>", "▁Hund", "&amp;", "\u202e", "<eos>"], ["▁a", "\ud800", '"']
    weights = make_weights(3, 5)
    draw_attention(source, output, weights, tmp_path / "x.html")
    page = Cells(tmp_path / "x.html")
    assert not {"script", "eos"} & set(page.tags)
    assert page.headings == ["<script>", "▁Hund", "&amp;", "\ufffd", "<eos>", "▁a", "\ufffd", '"']
    np.testing.assert_allclose(page.rows[1:], weights, atol=0.005)


def test_padding_is_not_drawn_wherever_it_is(tmp_path):
    weights = make_weights(2, 3)
    padded = np.zeros((4, 6))
    padded[:2, :3] = weights
    draw_attention(["a", "b", "<eos>", "", "", ""], ["c", "d", "", ""], padded.tolist(), tmp_path / "padded.html")
    draw_attention(["a", "b", "<eos>"], ["c", "d"], weights, tmp_path / "bare.html")
    assert (tmp_path / "padded.html").read_text() == (tmp_path / "bare.html").read_text()
    draw_attention(["a", "<eos>", ""], ["", ""], np.zeros((2, 3)), tmp_path / "empty.html")
    assert "The output is empty" in (tmp_path / "empty.html").read_text()


def test_what_cannot_be_drawn_is_told(tmp_path):
    with pytest.raises(UserError, match=r"\.png, \.html"):
        draw_attention(["a"], ["b"], [[1.0]], tmp_path / "x.jpg")
    with pytest.raises(ValueError, match="do not fit"):
        draw_attention(["a", "b"], ["c"], [[1.0]], tmp_path / "x.png")
    with pytest.raises(ValueError, match="no token of a source"):
        draw_attention([""], ["c"], [[1.0]], tmp_path / "x.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        draw_attention(["a"], ["b"], [[1.0]], tmp_path / "file" / "x.png")


def test_only_the_beginning_of_a_long_text_is_drawn_and_it_is_said(tmp_path):
    draw_attention(["a"] * 1500, ["b"], make_weights(1, 1500), tmp_path / "x.html")
    page = Cells(tmp_path / "x.html")
    assert len(page.rows[1]) == 200
    assert "the first 200 of 1,500 tokens of the source" in (tmp_path / "x.html").read_text()
