"""Rules of maps, layers and shares; regions; the verdicts of problems 1 and 2 that were checked by hand."""

import collections

import hypothesis
import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from hw3 import occlusion
from hw3.occlusion import maps as occlusion_maps
from hw3.studies import audit
from hw3.studies.audit.findings import CONVENTION, FAULTS, MISPRINTED, POSSIBLE, REPRODUCED, WRONG
from hw3.studies.audit.images import maps, nearest, networks, regions, rules
from hw3.studies.audit.images.transcription import Number, document, parse


@pytest.fixture(scope="module")
def found():
    return audit.measure(audit.Settings(problems=(1, 2)))


def of(found, document, what):
    (finding,) = [f for f in found.findings if f.document == document and f.what == what]
    return finding


@pytest.mark.parametrize(
    ("document", "what", "verdict", "reason"),
    [
        ("000", "where it is not a 6, number 4", MISPRINTED, "it should read 70"),
        ("000", "where it is not a 6, number 1", REPRODUCED, ""),
        ("000", "the important part, number 1", REPRODUCED, "the label changes"),
        ("000", "the important part, number 3", WRONG, "its own maps give 10"),
        ("001", "accuracy under occlusion", MISPRINTED, "97.732, 431 of 441"),
        ("004", "the important pixels, number 1", CONVENTION, "the end not counted"),
        ("004", "the important pixels, number 3", WRONG, "its own maps give 3"),
        ("004", 'probability of digit "6", Figure 7, row 7.0, column 8.0', MISPRINTED, "0.099778"),
        ("004", "highest probability, Figure 8, row 7.0, column 8.0", POSSIBLE, ""),
        ("004", "highest probability, Figure 8, row 10.0, column 5.0", MISPRINTED, "P(6) itself"),
        ("004", "highest probability, Figure 8, row 14.0, column 1.0", MISPRINTED, "of the next row"),
        ("004", "highest probability, Figure 8, row 20.0, column 1.0", MISPRINTED, "behind the last"),
        ("004", "classified labels, Figure 9, head of row 0.0", MISPRINTED, "it belongs in front"),
        ("004", 'probability of digit "6", Figure 7, head of row 10.0', MISPRINTED, "one less"),
        ("004", 'probability of digit "6", Figure 7, head of row 8.0', REPRODUCED, ""),
        ("004", "the covered 6, number 7", REPRODUCED, ""),
    ],
)
def test_verdicts_that_were_checked_by_hand(found, document, what, verdict, reason):
    finding = of(found, document, what)
    assert finding.verdict == verdict
    assert reason in finding.reason


def test_layers_and_parameters_follow_from_the_networks(found):
    rows = [row for row in found.findings if row.problem == 1 and row.what.startswith("the network")]
    assert {row.verdict for row in rows} == {REPRODUCED}
    assert [row.printed for row in rows if "Param #" in row.what and row.document == "001"] == [
        "832", "25632", "0", "18496", "36928", "0", "0", "57700", "1010",
    ]  # fmt: skip


def test_a_window_of_361_positions_allows_no_87_658(found):
    (share,) = [row for row in found.findings if row.printed == "87.658"]
    assert share.verdict == WRONG
    assert "87.535 and 87.812" in share.reason
    assert round(316 / 361 * 100, 3) == 87.535
    assert round(317 / 361 * 100, 3) == 87.812


@hypothesis.given(st.integers(1, 2000), st.data())
def test_a_share_is_possible_and_its_neighbour_is_not(total, data):
    count = data.draw(st.integers(0, total))
    text = f"{100 * count / total:.3f}"
    assert rules.share(Number(text, 0, 0, ""), total).verdict == POSSIBLE
    beside = f"{float(text) + 50 / total:.3f}"  # half way to the next
    if abs(float(beside) * total / 100 % 1 - 0.5) < 0.4:
        assert rules.share(Number(beside, 0, 0, ""), total).verdict in FAULTS


@hypothesis.given(st.floats(0.5, 1, width=32))
def test_texts_of_float32_are_told(value):
    text = str(np.float32(value))
    assert rules.is_float32(text)
    between = float(value) / 2 + float(np.nextafter(np.float32(value), np.float32(2))) / 2
    assert not rules.is_float32(f"{between:.10f}")


def test_channels_follow_the_filters_before():
    (block,) = parse("000", "[1(1) | filters | shapes]\nm(3,3,1,8)\nm(5,5,8,4)\nm(3,3,5,4)\n").values()
    assert [v.verdict for v in networks.kernel_shapes(block)][2::4] == [REPRODUCED, REPRODUCED, WRONG]


def a_sweep(seed, side=6):
    """Maps of a made-up classifier, consistent by construction."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(10, 0.3), (side, side))
    return probabilities[..., 6], probabilities.max(-1), probabilities.argmax(-1)


@hypothesis.given(st.integers(0, 10**6))
def test_consistent_maps_have_no_faults(seed):
    probability, highest, labels = a_sweep(seed)
    numbers = [Number(str(v), r, c, "") for (r, c), v in np.ndenumerate(highest)]
    verdicts = maps.highest_verdicts(numbers, probability, labels, range(6))
    assert {v.verdict for v in verdicts} <= {REPRODUCED, POSSIBLE}
    for (row, column), label in np.ndenumerate(labels):
        p, h = probability[row, column], highest[row, column]
        assert maps.probability_verdict(Number(str(p), row, column, ""), h, label).verdict == POSSIBLE
        assert maps.label_verdict(Number(str(label), row, column, ""), p, h).verdict in (REPRODUCED, POSSIBLE)


@hypothesis.given(st.integers(0, 10**6), st.integers(0, 4))
def test_a_row_left_out_is_seen(seed, left_out):
    """The table of highest probabilities where the rows from `left_out` on stand one higher."""
    probability = np.random.default_rng(seed).uniform(0.6, 0.99, (6, 6)).round(6)
    shifted = np.concatenate([np.delete(probability, left_out, 0), np.full((1, 6), 0.995)])
    assert maps.row_sources(shifted, probability) == [row + (row >= left_out) for row in range(5)] + [None]
    numbers = [Number(str(v), r, c, "") for (r, c), v in np.ndenumerate(shifted)]
    labels = np.full((6, 6), 6)
    verdicts = [v.verdict for v in maps.highest_verdicts(numbers, probability, labels, range(6))]
    verdicts = np.reshape(verdicts, (6, 6))
    assert (verdicts[:left_out] == REPRODUCED).all()
    assert (verdicts[left_out:] == MISPRINTED).all()


def test_impossible_probabilities():
    number = Number("0.05", 0, 0, "")
    assert maps.probability_verdict(number, 0.9, 6).verdict == WRONG  # a label's is at least a tenth
    assert maps.probability_verdict(number, 0.9, 5).verdict == POSSIBLE
    assert maps.probability_verdict(Number("1.2", 0, 0, ""), 0.9, 6).verdict == WRONG
    assert maps.label_verdict(Number("6", 0, 0, ""), 0.05, 0.9).verdict == WRONG
    assert maps.label_verdict(Number("5", 0, 0, ""), 0.7, 0.7).verdict == WRONG
    assert maps.label_verdict(Number("11", 0, 0, ""), 0.7, 0.7).verdict == WRONG


def test_alignment_and_order_of_the_tables():
    blocks = document("004")
    probability, labels = blocks["probability"].grid(), blocks["labels"].grid()
    assert maps.align(probability, labels) == (0, 1)
    assert maps.align(probability[1:, 1:], labels).first == 1
    excluded = maps.conflicts(np.array([[0.05, 0.05, 0.3], [0.6, 0.6, 0.3]]), np.array([[6, 5, 6], [6, 5, 5]]))
    assert excluded.tolist() == [[True, False, False], [False, True, False]]
    moved = maps.with_first(probability, 8)
    assert (moved[0, 1:9] == probability[8, :8]).all()
    assert (moved[9:, 9:] == probability[9:, 9:]).all()


@hypothesis.given(st.integers(0, 10**6))
def test_a_region_is_read_back_whatever_the_convention(seed):
    """Regions that our own function finds are recognised, half-open or not, from 0 or 1."""
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random((21, 21)) < 0.02, 5, 6)
    labels[rng.integers(21), rng.integers(21)] = 5
    probability = np.where(labels == 6, 0.9, 0.05)
    sweep = regions.as_sweep(probability, labels, 1)
    region = occlusion_maps.important_region(sweep)
    top, bottom, left, right = region
    for said in (region, (top, bottom + 1, left, right + 1), (top + 1, bottom + 1, left + 1, right + 1)):
        reading = regions.read("004", tuple(said), sweep, labels, np.arange(21))
        assert reading.met == 4
        assert reading.plain == tuple(region)
    assert regions.read("004", tuple(region), sweep, labels, np.arange(21)).convention == regions.PLAIN


def test_the_published_maps_as_they_are(found):
    first, second = found.maps
    assert (first.document, first.stride, first.right, first.labels.size) == ("000", 2, 115, 121)
    assert (second.right, second.labels.size) == (381, 441)
    counted = collections.Counter(int(v) for v in document("004")["labels"].grid().ravel())
    assert dict(second.taken_for) == {label: n for label, n in counted.items() if label != 6}
    assert second.region.plain == (4, 21, 3, 19)
    assert first.region.plain == (10, 23, 6, 15)
    assert (first.faulty.sum(), second.faulty[0].sum()) == (0, 1)
    assert second.faulty[0, 7, 8]
    assert second.row_sources[11:14] == (12, 12, 14)


def test_rank_correlations_are_spearmans():
    rng = np.random.default_rng(0)
    theirs, ours = rng.random((5, 5)).round(1), rng.random((4, 5, 5)).round(1)
    ours[3] = 0.5
    values = nearest.correlations(theirs, ours)
    for value, one in zip(values[:3], ours, strict=False):
        assert value == pytest.approx(stats.spearmanr(theirs.ravel(), one.ravel()).statistic)
    assert np.isnan(values[3])


def test_the_image_that_made_a_map_is_found(mnist, optimized):
    """A made-up network, and a published map that is one of its own."""

    def predict(images):
        weights = jnp.linspace(-1, 1, 28 * 28).reshape(28, 28)
        score = 4 + jnp.einsum("nhwc,hw->n", images, jnp.cos(9 * weights)) / 10
        return jnp.stack([(1 - s) / 9 if k != 6 else s for k in range(10) for s in [1 / (1 + jnp.exp(-score))]], -1)

    index = int(np.flatnonzero(mnist.test_labels == 6)[7])
    image = mnist.test_images[index : index + 1].astype(np.float32) / 255
    sweep = occlusion.sweep(predict, image, np.array([6]), stride=2)
    theirs = audit.measure(audit.Settings(problems=(2,), documents=("000",))).maps[0]
    theirs = theirs._replace(probability=sweep.true_probability[0], labels=sweep.predicted[0])
    (like,) = nearest.find((theirs,), predict, mnist, images=12)
    assert like.test_index == index
    assert like.correlation == pytest.approx(1)
    assert like.same_label == 1
    assert like.median < 1
    assert nearest.find((theirs,), lambda images: predict(images)[:, ::-1], mnist, images=12) == ()
    with pytest.raises(ValueError, match="stripes"):
        nearest.find((theirs,), predict, mnist._replace(name="stripes"))
