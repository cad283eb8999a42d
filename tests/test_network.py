"""The network: its budget, its seams, its heads."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from veernet.errors import OptionError
from veernet.network.body import BodyConfig
from veernet.network.losses import LOSSES, loss_by_name
from veernet.network.predict import Segmenter, folded
from veernet.network.targets import TARGETS, Network, Target
from veernet.network.tiles import HALO, ROW_ALIGN


@pytest.fixture(scope="module")
def restless_network() -> Network:
    """A network whose batch norms and attention are far from idle, as after training."""
    torch.manual_seed(7)
    network = Network()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.08)
    torch.nn.init.normal_(network.head[0].weight, std=1.0)
    network.train()
    with torch.no_grad():
        network(torch.rand(2, 1, 256, 512))
    return network.eval()


def test_the_network_stays_within_25_gflop_per_megapixel() -> None:
    """The budget that keeps it usable on two CPU cores."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        Network().eval()(torch.rand(1, 1, 1024, 512))
    assert counter.get_total_flops() / (1024 * 512) * 1e6 <= 25e9


def test_a_tile_with_its_halo_gives_what_the_whole_strip_gives(restless_network: Network) -> None:
    """No seam shows wherever a strip is cut on the grid of the attention windows."""
    segmenter = Segmenter(restless_network, "digest", "cpu")
    strip = np.random.default_rng(3).integers(0, 256, (2113, 512), dtype=np.uint8)
    whole = segmenter.classes(strip).astype(int)
    first, last = 6 * ROW_ALIGN, 9 * ROW_ALIGN
    tile = segmenter.classes(strip[first - HALO : last + HALO], rows=slice(HALO, HALO + last - first)).astype(int)
    assert np.ptp(whole) > 50
    assert np.abs(tile - whole[:, first:last]).max() <= 1


def test_a_halo_holds_all_that_the_rows_between_depend_on(restless_network: Network) -> None:
    """In double precision, where even what is far off and faint shows."""
    network = deepcopy(restless_network).double()
    strip = torch.rand(1, 1, 5 * ROW_ALIGN, 512, dtype=torch.float64)
    first, last = 2 * ROW_ALIGN, 3 * ROW_ALIGN
    with torch.no_grad():
        whole = network(strip)[:, :, first:last]
        tile = network(strip[:, :, first - HALO : last + HALO], (HALO, HALO))
    assert float(whole.std()) > 0.1
    assert float((tile - whole).abs().max()) < 1e-11


def test_strips_of_any_height_are_segmented_whole(restless_network: Network) -> None:
    """One row, or a row more than the windows' grid."""
    segmenter = Segmenter(restless_network, "digest", "cpu")
    for rows in (1, ROW_ALIGN + 1):
        assert segmenter.classes(np.zeros((rows, 512), np.uint8)).shape == (2, rows, 512)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("curves", [2, 3, 4])
def test_probabilities_of_the_curves_never_claim_a_pixel_twice(target: Target, curves: int) -> None:
    """Softmax by nature, sigmoids by the stated tie-break."""
    network = Network(BodyConfig(), target, curves)
    logits = torch.randn(1, curves + (target == "multiclass"), 8, 512) * 6
    probabilities = network.probabilities(logits)
    assert probabilities.shape == (1, curves, 8, 512)
    assert float(probabilities.sum(dim=1).max()) <= 1.0 + 1e-5


@pytest.mark.parametrize("curves", [2, 3, 4])
@pytest.mark.parametrize("name", [*LOSSES, "cross-entropy+dice", "tversky:0.3", "focal:1", "weighted-bce:3"])
def test_every_loss_falls_as_logits_move_towards_the_labels(name: str, curves: int) -> None:
    """A loss that does not is no loss."""
    labels = torch.randint(0, curves + 1, (2, 16, 32), generator=torch.Generator().manual_seed(1))
    truth = torch.nn.functional.one_hot(labels, curves + 1).permute(0, 3, 1, 2).float()
    target: Target = "binary" if name.startswith("weighted-bce") else "multiclass"
    if target == "binary":
        truth = truth[:, 1:]
    loss = loss_by_name(name, target)
    losses = [float(loss(confidence * (2 * truth - 1), labels)) for confidence in (-1.0, 0.0, 1.0, 4.0)]
    assert losses == sorted(losses, reverse=True)


def test_a_heavier_positive_weight_makes_a_missed_curve_dearer() -> None:
    """The lever of the binary stack; a curve pixel counts that many times."""
    labels = torch.ones((1, 4, 4), dtype=torch.int64)
    missed = torch.full((1, 2, 4, 4), -3.0)
    light, heavy = (loss_by_name(f"weighted-bce:{weight}", "binary")(missed, labels) for weight in (1, 42))
    background = loss_by_name("weighted-bce:1", "binary")(missed, torch.zeros_like(labels))
    assert float(heavy - background / 2) == pytest.approx(42 * float(light - background / 2), rel=1e-5)


def test_an_unknown_loss_is_refused_by_name() -> None:
    """With those that there are."""
    with pytest.raises(OptionError, match=r"'dise'.*cross-entropy"):
        loss_by_name("cross-entropy+dise", "multiclass")


def test_a_loss_of_the_other_target_is_refused() -> None:
    """Softmax losses over sigmoid masks would train something, but not what was asked for."""
    with pytest.raises(OptionError, match=r"'dice'.*not for the binary target.*weighted-bce"):
        loss_by_name("dice", "binary")


def test_a_parameter_that_a_loss_does_not_have_is_refused() -> None:
    """Rather than left aside."""
    for text in ("dice:3", "focal:much"):
        with pytest.raises(OptionError, match="is no parameter of it"):
            loss_by_name(text, "multiclass")


def test_a_device_that_is_not_there_is_refused(restless_network: Network) -> None:
    """Before any strip is read."""
    with pytest.raises(OptionError, match="not usable here"):
        Segmenter(restless_network, "digest", "nonsense")


def test_folded_batch_norms_change_nothing_but_rounding(restless_network: Network) -> None:
    """What is left out at serve time is work, not accuracy."""
    x = torch.rand(1, 1, 256, 512)
    with torch.no_grad():
        whole = restless_network(x)
        lean = folded(deepcopy(restless_network))
        assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in lean.modules())
        assert torch.allclose(lean(x), whole, atol=1e-3 * float(whole.abs().max()))


def test_a_softmax_claims_no_pixel_twice_and_sigmoids_do() -> None:
    """What the two targets say of one pixel whose every logit is high."""
    for target, times in (("multiclass", 1), ("binary", 2)):
        network = Network(BodyConfig(), target)  # type: ignore[arg-type]
        logits = torch.full((1, 2 + (target == "multiclass"), 8, 512), 3.0)
        logits[:, -1] += 1.0
        assert int(network.claims(logits).sum(dim=1).max()) == times
