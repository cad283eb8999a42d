"""The page of the target study, in a real browser: what it says is what was measured, and every control does what it says."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from browser import colour as colour_of
from browser import expect

from veernet.study.page import write_page

WEIGHTS = [1, 5, 42, 100]  # at equal steps of the lever, at unequal ones of the chart
BINARY_F1 = {1: 0.31, 5: 0.53, 42: 0.23, 100: 0.13}
MULTICLASS_F1 = {"cross-entropy": 0.61, "cross-entropy+dice": 0.73}
RED, BLUE, YELLOW, BLACK = [213, 94, 0], [0, 114, 178], [255, 230, 0], [0, 0, 0]


def png(pixels: np.ndarray) -> str:
    """A grey picture as a data URL."""
    return "data:image/png;base64," + b64encode(cv2.imencode(".png", pixels)[1].tobytes()).decode()


def mask(*claims: tuple[int, int, int]) -> str:
    """A class picture of 16 x 8, nothing but these (x, y, class)."""
    pixels = np.zeros((8, 16), np.uint8)
    for x, y, claim in claims:
        pixels[y, x] = claim
    return png(pixels)


def run(f1: float, seed: int) -> dict[str, Any]:
    """One run: its F1 rises by 0.07 a px of tolerance; curve 2 lies 0.06 lower, crossings 0.1, and a seed moves all by 0.01."""

    def scores(below: float) -> dict[str, list[float]]:
        steps = [f1 - below + 0.07 * (tolerance - 1) + 0.01 * (seed - 1) for tolerance in range(3)]
        return {
            name: [step + lift for step in steps]
            for name, lift in (("precision", -0.03), ("recall", 0.02), ("f1", 0.0), ("iou", -0.09))
        }

    trace = {"coverage": 0.97, "mean_error": 0.0041, "within_1": 0.95, "wrong_3": 0.011}
    return {
        "seed": seed,
        "classes": [scores(0.0), scores(0.06)],
        "crossings": [scores(0.1), scores(0.16)],
        "claimed_twice": 0.08,
        "trace": trace,
    }


def study() -> dict[str, Any]:
    """Results of four weights, two losses, three seeds and two tracks; the weights are not in order."""
    arms = [
        {
            "name": f"binary, weight {weight}",
            "target": "binary",
            "loss": "weighted-bce",
            "weight": float(weight),
            "f1": BINARY_F1[weight],
        }
        for weight in reversed(WEIGHTS)
    ]
    arms += [
        {"name": f"multiclass, {loss}", "target": "multiclass", "loss": loss, "weight": None, "f1": f1}
        for loss, f1 in MULTICLASS_F1.items()
    ]
    for arm in arms:
        f1 = arm.pop("f1")
        arm["runs"] = [run(f1, seed) for seed in range(3)]
    paper = png(np.full((8, 16), 155, np.uint8))
    one, two = mask((3, 2, 1), (9, 5, 2)), mask((4, 4, 1))
    first = {arm["name"]: one for arm in arms} | {
        "binary, weight 42": mask((3, 2, 1), (8, 5, 3), (9, 5, 3), (10, 5, 2))
    }
    second = {arm["name"]: two for arm in arms}
    return {
        "format": "veernet-target-study/1",
        "made": {
            "steps": 150, "batch": 12, "seeds": [0, 1, 2], "tests": 200, "start": "one trunk", "torch": "2.13", "machine": "two cores",
            "minutes": 54.2, "data": "drawn tracks", "published": {"recall": [0.96, 0.97], "f1": [0.37, 0.26, 0.55], "weight": 42},
        },
        "arms": arms,
        "pictures": [
            {"name": "track A", "image": paper, "label": one, "arms": first},
            {"name": "track B", "image": paper, "label": two, "arms": second},
        ],
    }  # fmt: skip


@pytest.fixture
def opened(pages: Any, tmp_path: Path) -> Any:
    """A function that writes results and opens their page."""

    def open_page(results: dict[str, Any] | None = None, width: int = 1280) -> Any:
        write_page(results or study(), tmp_path / "study.html")
        return pages.open(tmp_path / "study.html", width)

    return open_page


def values(page: Any, svg: str = "bars-0") -> list[str]:
    """The numbers under the bars: precision, recall and F1, binary before multiclass."""
    return page.locator(f"#{svg} text.strong").all_text_contents()


def colour(page: Any, canvas: str, x: int, y: int) -> list[int]:
    """Red, green and blue of one canvas pixel."""
    return colour_of(page, f"paint-{canvas}", x, y)


def test_the_headline_is_computed_from_the_results(opened: Any) -> None:
    """The best of each target and the published weight, means of both curves within 1 px."""
    headline = opened().locator("h1")
    expect(headline).to_have_text(
        "One multiclass head finds the curves with a mean F1 of 0.70 within 1 px; "
        "the best stack of binary masks reaches 0.50, at weight 5, and 0.20 at the published weight 42."
    )


def test_the_lever_stops_at_measured_weights_only(opened: Any) -> None:
    """By keys it visits each weight in order and no other, and a click anywhere lands on one of them."""
    page = opened()
    lever, shown = page.locator("#weight"), page.locator("#weight-now")
    expect(shown).to_have_text("42")
    lever.press("Home")
    visited = [shown.text_content()]
    for _ in range(5):
        lever.press("ArrowRight")
        visited.append(shown.text_content())
    assert ["1", "5", "42", "100", "100", "100"] == visited
    assert "weight 100" == lever.get_attribute("aria-valuetext")
    width = lever.bounding_box()["width"]
    clicked = set()
    for part in np.linspace(0.01, 0.99, 17):
        lever.click(position={"x": width * part, "y": 8})
        clicked.add(shown.text_content())
    assert {"1", "5", "42", "100"} == clicked


def test_the_lever_moves_bars_and_numbers(opened: Any) -> None:
    """One step to the left: the binary values are those of weight 5, and the bars are as high as their values."""
    page = opened()
    assert ["0.20", "0.70", "0.25", "0.75", "0.23", "0.73"] == values(page)
    page.locator("#weight").press("ArrowLeft")
    assert ["0.50", "0.70", "0.55", "0.75", "0.53", "0.73"] == values(page)
    assert ["0.44", "0.64", "0.49", "0.69", "0.47", "0.67"] == values(page, "bars-1")
    heights = [float(bar.get_attribute("height")) for bar in page.locator("#bars-0 rect").all()]
    np.testing.assert_allclose(np.array(heights) / 176, [0.50, 0.70, 0.55, 0.75, 0.53, 0.73], atol=1e-9)
    expect(page.get_by_role("status")).to_contain_text(
        "0.53 and 0.47 with binary masks at weight 5, 0.73 and 0.67 with"
    )
    expect(page.locator("#numbers")).to_contain_text("Binary masks, weight 5")


def test_a_whisker_spans_the_seeds(opened: Any) -> None:
    """It runs from the lowest to the highest run, here 0.01 about the mean; equal runs have none."""
    results = study()
    for arm in results["arms"]:
        if arm["target"] == "multiclass":
            arm["runs"] = [arm["runs"][1]] * 3
    page = opened(results)
    whiskers = page.locator("#bars-0 path.whisker")
    expect(whiskers).to_have_count(3)
    boxes = page.evaluate("[...document.querySelectorAll('#bars-0 path.whisker')].map((path) => path.getBBox().height)")
    np.testing.assert_allclose(boxes, 0.02 * 176, atol=1e-4)


def test_the_published_ceiling_stands_at_055_and_can_be_switched_off_and_on(opened: Any) -> None:
    """The line is in both bar plots and the chart, at the height of 0.55; the box by its label takes it away and brings it back."""
    page = opened()
    lines, box = page.locator("line.ceiling"), page.get_by_label("Published F1 ceiling, 0.55")
    assert [190 - 0.55 * 176] * 3 == [float(line.get_attribute("y1")) for line in lines.all()]
    box.uncheck()
    expect(lines).to_have_count(0)
    expect(page.locator("svg text.ceiling")).to_have_count(0)
    box.press("Space")
    expect(lines).to_have_count(3)


def test_tolerance_region_and_loss_choose_the_scores(opened: Any) -> None:
    """Each changes the numbers by what the results say, and the whole table follows."""
    page = opened()
    assert "0.73" == values(page)[-1]
    page.get_by_label("Tolerance").select_option("2 px")
    assert "0.80" == values(page)[-1]
    page.get_by_label("Where").select_option("crossings alone")
    assert "0.70" == values(page)[-1]
    page.get_by_label("Multiclass loss").select_option("cross-entropy")
    assert "0.58" == values(page)[-1]
    chosen = page.locator("#all tr.chosen")
    assert ["binary, weight 42", "multiclass, cross-entropy"] == chosen.locator("th").all_text_contents()
    assert ["0.55", "0.60", "0.58", "0.49"] == chosen.nth(1).locator("td").all_text_contents()[:4]
    assert ["8.0 %", "97.0 %", "0.41 %", "95.0 %", "1.1 %"] == chosen.nth(1).locator("td").all_text_contents()[8:]
    expect(page.locator("#all tbody tr")).to_have_count(6)


def test_the_chart_has_a_dot_for_each_measured_weight_and_marks_the_lever(opened: Any) -> None:
    """Three scores of four weights; distances are those of the logarithms; the mark moves with the lever."""
    page = opened()
    dots = [float(dot.get_attribute("cx")) for dot in page.locator("#chart circle.f1").all()]
    expect(page.locator("#chart circle")).to_have_count(12)
    np.testing.assert_allclose((np.array(dots) - dots[0]) / (dots[-1] - dots[0]), np.log(WEIGHTS) / np.log(100))
    for key, place in (("Home", 0), ("End", 3)):
        page.locator("#weight").press(key)
        assert dots[place] == float(page.locator("#chart line.now").get_attribute("x1"))


def test_both_targets_paint_the_same_track_and_doubly_claimed_pixels_stand_out(opened: Any) -> None:
    """At weight 42 two pixels are claimed twice: yellow, edged in black where no curve is; multiclass has none of them."""
    page = opened()
    counts = page.locator("#partition .count")
    expect(counts.nth(0)).to_have_text("2 pixels claimed by both, 50.0 % of the claimed")
    expect(counts.nth(1)).to_have_text("0 pixels claimed by both, 0.0 % of the claimed")
    assert [RED, YELLOW, YELLOW, BLUE, BLACK] == [
        colour(page, "binary", *at) for at in ((3, 2), (8, 5), (9, 5), (10, 5), (8, 4))
    ]
    assert [RED, [225] * 3, BLUE, [225] * 3] == [
        colour(page, "multiclass", *at) for at in ((3, 2), (8, 5), (9, 5), (8, 4))
    ]
    assert [RED, BLUE] == [colour(page, "truth", *at) for at in ((3, 2), (9, 5))]
    assert [155] * 3 == colour(page, "scan", 3, 2)
    page.locator("#weight").press("ArrowLeft")
    expect(counts.nth(0)).to_have_text("0 pixels claimed by both, 0.0 % of the claimed")
    assert BLUE == colour(page, "binary", 9, 5)


def test_another_track_is_painted_when_it_is_chosen(opened: Any) -> None:
    """All four pictures change to the track; one that was not kept says so and shows the scan."""
    results = study()
    del results["pictures"][1]["arms"]["multiclass, cross-entropy"]
    page = opened(results)
    page.get_by_label("Multiclass loss").select_option("cross-entropy")
    page.get_by_role("combobox", name="Track").select_option("track B")
    expect(page.locator("#partition .count").nth(0)).to_have_text("0 pixels claimed by both, 0.0 % of the claimed")
    expect(page.locator("#partition .count").nth(1)).to_contain_text("not kept for this track")
    assert [RED, RED, [155] * 3] == [colour(page, canvas, 4, 4) for canvas in ("truth", "binary", "multiclass")]
    assert [225] * 3 == colour(page, "binary", 3, 2)


def test_nothing_in_the_results_is_read_as_markup(opened: Any) -> None:
    """A name that closes the script element, or looks like a mark of the template, stays a name."""
    hostile = "</script><script>window.taken = true</script><b>{{script-hash}}"
    results = study()
    results["arms"][-1]["name"] = results["made"]["data"] = results["pictures"][0]["name"] = hostile
    page = opened(results)
    expect(page.locator("#made")).to_contain_text(hostile)
    expect(page.locator("#all tbody th").last).to_have_text(hostile)
    assert 2 == page.locator("script").count()
    assert page.evaluate("window.taken") is None


def test_no_other_script_runs_in_the_page(browser: Any, tmp_path: Path) -> None:
    """Whatever is slipped into the file, the browser runs the script that the page came with and no other."""
    path = tmp_path / "study.html"
    write_page(study(), path)
    path.write_text(
        path.read_text().replace(
            "<main>", "<main><script>window.taken = true</script><img src='https://example.invalid/a.png'>"
        )
    )
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(path.as_uri())
    expect(page.locator("#weight-now")).to_have_text("42")
    assert page.evaluate("window.taken") is None
    assert 2 == sum("Content Security Policy" in text for text in refused)
    page.close()


def test_a_value_that_a_run_does_not_have_is_a_dash(opened: Any) -> None:
    """NaN is no JSON and no number: the page says so rather than leave a run out of a mean."""
    results = study()
    arm = next(arm for arm in results["arms"] if arm["weight"] == 42)
    arm["runs"][0]["classes"][0]["precision"][1] = float("nan")
    page = opened(results)
    assert "–" == values(page)[0]
    expect(page.locator("#bars-0 rect")).to_have_count(5)


@pytest.mark.parametrize("width", [1280, 700])
def test_the_page_fits_its_window_and_no_words_overlap(opened: Any, width: int) -> None:
    """Nothing sticks out sideways, every control is reached by the tab key, and words of plots and ticks keep clear of each other."""
    page = opened(width=width)
    assert width >= page.evaluate("document.scrollingElement.scrollWidth")
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
        box = page.locator(":focus").bounding_box()
        assert 0 <= box["x"]
        assert box["x"] + box["width"] <= width
    assert ["weight", "loss", "tolerance", "region", "ceiling", "track", ""] == reached
    for key in ("Home", "End"):
        page.locator("#weight").press(key)
        for words in ("#bars-0 text", "#bars-1 text", "#chart text", "#ticks span"):
            boxes = page.evaluate(
                f"[...document.querySelectorAll('{words}')].map((one) => JSON.parse(JSON.stringify(one.getBoundingClientRect())))"
            )
            overlaps = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if overlap(a, b)]
            assert len(boxes) > 3
            assert overlaps == [], words


def overlap(a: dict[str, float], b: dict[str, float]) -> bool:
    """Whether two boxes share more than the air about their letters."""
    across = min(a["right"], b["right"]) - max(a["left"], b["left"])
    down = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
    return across > 0 and down > 4


def test_results_of_another_format_are_refused(tmp_path: Path) -> None:
    """No page comes of what the page could not show truly."""
    with pytest.raises(ValueError, match="veernet-target-study/1"):
        write_page(study() | {"format": "veernet-target-study/2"}, tmp_path / "study.html")
    with pytest.raises(ValueError, match="no multiclass arm"):
        write_page(
            study() | {"arms": [arm for arm in study()["arms"] if arm["target"] == "binary"]}, tmp_path / "study.html"
        )
    assert [] == list(tmp_path.iterdir())
