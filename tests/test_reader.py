"""Drawn lines of print, and the reader of text that is trained with them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from veernet.register.text import CHARACTERS, READER, read_lines, spelled
from veernet.training.line_words import sample_words
from veernet.training.print_lines import sample_line
from veernet.training.reader import Reader, batches, blend, loss_of


@pytest.fixture(scope="module")
def lines() -> tuple[torch.Tensor, list[str]]:
    """Some lines of about one length, as the reader takes them."""
    return next(batches(np.random.default_rng(3)))


def test_a_drawn_line_is_ink_that_says_something_the_reader_has_letters_for() -> None:
    """What it has no letters for it could only learn to leave out."""
    rng = np.random.default_rng(5)
    for _ in range(150):
        line = sample_line(rng)
        assert set(np.unique(line.ink)) <= {0, 1}
        assert line.ink.any()
        assert line.text == line.text.strip()
        assert set(line.text) <= set(CHARACTERS)


def test_a_few_drawn_lines_are_no_print_and_say_nothing() -> None:
    """What the finder of text takes for print must not become a name."""
    rng = np.random.default_rng(5)
    silent = [line for line in (sample_line(rng) for _ in range(300)) if not line.text]
    assert 3 < len(silent) < 40
    assert all(line.ink.any() for line in silent)


def test_a_lone_digit_is_drawn_as_the_reader_is_shown_it_three_times() -> None:
    """One that stands alone is taken for a letter or a blot."""
    rng = np.random.default_rng(0)
    texts = [sample_line(rng).text for _ in range(300)]
    assert not any(text.isdigit() and len(text) == 1 for text in texts)
    assert any(len(text) == 3 and text == 3 * text[0] for text in texts)


def test_lines_say_depths_values_names_and_facts() -> None:
    """All that registering reads."""
    rng = np.random.default_rng(1)
    words = [sample_words(rng) for _ in range(400)]
    assert any(word.isdigit() and len(word) >= 4 for word in words)
    assert any(word.startswith("-") for word in words)
    assert any("(" in word and "GAMMA" in word.upper() for word in words)
    assert any(len(word.split()) >= 3 for word in words)


def test_most_drawn_lines_are_read_by_the_reader_that_ships() -> None:
    """Lines that nobody could read would teach it to guess."""
    rng = np.random.default_rng(11)
    drawn = [sample_line(rng) for _ in range(120)]
    read = read_lines([line.ink for line in drawn])
    right = [text.upper().replace(" ", "") == line.text.upper().replace(" ", "") for (text, _), line in zip(read, drawn, strict=True)]  # fmt: skip
    assert np.mean(right) > 0.7


def test_the_network_says_in_torch_what_it_says_in_opencv(lines: tuple[torch.Tensor, list[str]]) -> None:
    """It is trained in the one and run in the other."""
    images = lines[0][:4]
    network = cv2.dnn.readNetFromONNX(str(READER))
    network.setInput(images.numpy())
    with torch.no_grad():
        chances = Reader(READER)(images).softmax(-1).numpy()
    np.testing.assert_allclose(chances, network.forward(), atol=1e-4)


def test_a_few_steps_bring_the_reader_nearer_to_what_lines_say(
    lines: tuple[torch.Tensor, list[str]], tmp_path: Path
) -> None:
    """The weights that are written are those that were trained."""
    images, texts = lines[0][:8], lines[1][:8]
    reader = Reader(READER)
    optimiser = torch.optim.SGD(reader.parameters(), lr=1e-6)
    before = loss_of(reader(images), texts)
    before.backward()
    optimiser.step()
    reader.write(tmp_path / "after.onnx", dict(reader.weights))
    with torch.no_grad():
        after = Reader(tmp_path / "after.onnx")(images)
    assert loss_of(after, texts) < before


def test_weights_half_way_between_two_readers_are_their_mean(tmp_path: Path) -> None:
    """Weights are averaged with those that they came from."""
    reader = Reader(READER)
    doubled = {key: 2 * weight for key, weight in reader.weights.items()}
    reader.write(tmp_path / "other.onnx", doubled)
    blend(READER, tmp_path / "other.onnx", 0.5, tmp_path / "mean.onnx")
    mean = Reader(tmp_path / "mean.onnx")
    for key, weight in Reader(READER).weights.items():
        torch.testing.assert_close(mean.weights[key], 1.5 * weight)


def test_what_was_written_is_read_by_opencv(tmp_path: Path, lines: tuple[torch.Tensor, list[str]]) -> None:
    """No operator of it is torch's own."""
    reader = Reader(READER)
    reader.write(tmp_path / "same.onnx", dict(reader.weights))
    network = cv2.dnn.readNetFromONNX(str(tmp_path / "same.onnx"))
    network.setInput(lines[0][:1].numpy())
    assert spelled(network.forward()[0])[0] != ""
