"""The page's verdicts on document 004's theory follow the numbers, whatever these are; its figures can be drawn."""

import json

import numpy as np
import pytest

from hw3.report import page as report
from hw3.studies import verdicts
from hw3.studies.claim_words import NOTHING_SEEN, judged
from hw3.studies.convolution import answers as answers_convolution
from hw3.studies.convolution import claims as claims_convolution
from hw3.studies.convolution import figures as convolution_figures
from hw3.studies.convolution.connectivity import KINDS, Shape, cost
from hw3.studies.convolution.pooling import VERSIONS, WAYS
from hw3.studies.regularization import answers as answers_regularization
from hw3.studies.regularization import claims as claims_regularization
from hw3.studies.regularization import figures as regularization_figures
from hw3.studies.regularization.variance_shift import PLACEMENTS

SEEDS = 3


def seeded(*means, spread=0.01):
    """Values [SEEDS, len(means)] around the means."""
    rng = np.random.default_rng(0)
    return (np.array(means) + spread * rng.uniform(-1, 1, (SEEDS, len(means)))).tolist()


def regularizers():
    """What `compare_regularizers.py` writes if everything is as document 004 says."""
    quality = {
        name: {"accuracy": seeded(a)[0] * SEEDS, "calibration_error": [0.05, 0.04, 0.06], "log_loss": [0.4, 0.5, 0.45]}
        for name, a in {"single": 0.8, "dropout": 0.9, "monte_carlo": 0.91, "bagging": 0.85, "bagging_long": 0.86,
                        "member": 0.79}.items()
    }  # fmt: skip
    growth = {"depths": [4, 16], "normalised": seeded(1.15, 1.2), "plain": seeded(1.0, 1.0)}
    firsts = {name: seeded(4.0, 40.0) for name in ("normalised_first", "plain_first", "plain_lecun_first")}
    accuracy, plain = seeded(0.92, 0.7, 0.8, 0.9), seeded(0.9, 0.85, 0.86, 0.895)
    results = {
        "command": "python scripts/compare_regularizers.py",
        "seeds": SEEDS,
        "train_images": 2000,
        "dropout": {
            "rates": [0.0, 0.5],
            "epochs": seeded(3, 9),
            "curve": np.full((SEEDS, 2, 5), 0.9).tolist(),
            "train_accuracy": seeded(1.0, 0.95),
            "test_accuracy": seeded(0.8, 0.9),
            "memorised": seeded(0.9, 0.2),
            "sparsity": seeded(0.4, 0.7),
            "co_adaptation": seeded(0.3, 0.1),
        },
        "bagging": {"members": 4, "masks": 9, "rate": 0.5, "shared": 0.0, "co_adaptation": [0.3, 0.31, 0.29],
                    "quality": quality},
        "batch_sizes": {
            "sizes": [2, 64],
            "plain": seeded(0.88, 0.89),
            "running": seeded(0.6, 0.9),
            "batch": seeded(0.4, 0.9),
            "train": seeded(0.7, 1.0),
            "large_then_small": seeded(0.4, 0.89),
            "large_then_running": np.full((SEEDS, 2), 0.9).tolist(),
        },
        "gradients": {
            "theory": 1.211,
            "initial": growth | firsts | {"steps": 0},
            "trained": growth | {"steps": 100, "normalised_loss": seeded(0.5, 0.6), "plain_loss": seeded(0.7, 1.5)},
        },
        "timing": {"seconds": {"normalised": [1.2, 1.3, 1.25], "plain": [1.0, 1.1, 1.0]}, "steps": 10,
                   "batch_size": 128},
        "variance_shift": {
            "placements": PLACEMENTS,
            "runs": [{"rate": 0.5, "ratio": np.stack([seeded(1.0, 2.5, 1.6, 1.0)] * 2, -1).tolist(),
                      "accuracy": accuracy, "corrected": seeded(0.92, 0.75, 0.84, 0.9), "plain_accuracy": plain}],
        },
    }  # fmt: skip
    return json.loads(json.dumps(results))


def convolutions():
    """What `measure_convolution.py` writes if everything is as document 004 says."""
    layers = {"conv1": {kind: cost(Shape(28, 28, 1, 3, 12), kind)._asdict() for kind in KINDS}}
    times = {"convolution": [1.0, 1.1, 0.9], "unfolded": [1.0, 1.0, 1.01], "local": [1.0, 1.01, 1.0],
             "dense": [50.0, 52.0, 51.0]}  # fmt: skip
    change = np.stack([seeded(0.1, 0.1, 0.6, 0.2), seeded(0.2, 0.2, 0.9, 0.3)], -1)
    results = {
        "command": "python scripts/measure_convolution.py",
        "model": "wide",
        "layers": layers,
        "timing": {"seconds": {"conv1": times}, "batch": 64},
        "few_images": {"counts": [300, 1000], "kinds": KINDS, "steps": 100,
                       "accuracy": np.stack([seeded(0.9, 0.8, 0.7)] * 2, -1).tolist()},
        "shifts": {
            "versions": VERSIONS, "distances": [1, 4], "train_images": 1000, "pixel_change": [0.9, 1.2],
            "feature_change": change[:, :, None].tolist(), "probability_change": change.tolist(),
            "flipped": change.tolist(), "accuracy": seeded(0.9, 0.9, 0.8, 0.7),
        },
        "canvas": {"sizes": [20, 28], "trained": 28,
                   "ways": {way: {"direct": seeded(0.8, 0.9), "resized": seeded(0.3, 0.9)} for way in WAYS}},
        "by_hand": [{"layer": "conv1", "filters": 32, "products": 25, "float32": 2e-7, "float64": 2e-16}],
        "fields": {
            "pixels": 784, "images": 90, "groups": 3,
            "layers": [
                {"layer": "conv1", "row": 12, "col": 12, "side": 5, "random": [5.0, 5.1, 5.0],
                 "trained": [5.0, 5.0, 5.1]},
                {"layer": "conv2", "row": 2, "col": 2, "side": 24, "random": [22.0, 22.5, 22.0],
                 "trained": [21.0, 21.5, 22.0]},
            ],
        },
        "stack": {"depths": [4, 16], "sides": seeded(8.5, 31.0)},
    }  # fmt: skip
    return json.loads(json.dumps(results))


def with_claims(results, module):
    return results | {"claims": [verdicts.as_results(claim) for claim in module.claims(results)]}


def by_part(results, module):
    return {claim["part"]: claim for claim in with_claims(results, module)["claims"]}


def test_everything_as_the_document_says_it_holds():
    """But for what cannot hold: bags share no weights, and running statistics know nothing of the test batch."""
    found = by_part(regularizers(), claims_regularization)
    assert list(found) == sorted(found)
    expected = dict.fromkeys(found, "held")
    expected |= {"1 (2) 4": "did not hold", "1 (4)": "held under conditions"}
    expected |= dict.fromkeys(("1 (5) 1", "1 (5) 4"), "held under conditions")
    assert {part: claim["verdict"] for part, claim in found.items()} == expected
    assert {claim["verdict"] for claim in by_part(convolutions(), claims_convolution).values()} == {"held"}


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("1 (1) 1", lambda r: r["dropout"].update(epochs=seeded(9, 3))),
        ("1 (1) 2", lambda r: r["dropout"].update(memorised=seeded(0.2, 0.9))),
        ("1 (1) 3", lambda r: r["dropout"].update(sparsity=seeded(0.7, 0.4))),
        ("1 (2) 1", lambda r: r["dropout"].update(co_adaptation=seeded(0.1, 0.3))),
        ("1 (2) 2", lambda r: r["dropout"].update(train_accuracy=seeded(0.8, 0.99))),
        ("1 (3) 2", lambda r: r["batch_sizes"].update(plain=seeded(0.2, 0.89))),
        ("1 (3) 1", lambda r: [r["gradients"][k].update(plain=seeded(1.3, 1.3)) for k in ("initial", "trained")]),
        ("1 (3) 3", lambda r: r["timing"]["seconds"].update(plain=[1.3, 1.4, 1.35])),
        ("1 (5) 3", lambda r: r["variance_shift"]["runs"][0].update(accuracy=seeded(0.9, 0.9, 0.8, 0.7))),
    ],
)
def test_the_opposite_of_a_claim_did_not_hold_and_the_page_says_so(part, change):
    results = regularizers()
    change(results)
    claim = by_part(results, claims_regularization)[part]
    assert claim["verdict"] == "did not hold"
    assert "did not hold: the opposite was seen with" in judged(claim)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("2 (1) 2", lambda r: r["few_images"].update(accuracy=np.stack([seeded(0.7, 0.8, 0.9)] * 2, -1).tolist())),
        ("2 (2) 1", lambda r: r["shifts"].update(feature_change=np.full((SEEDS, 4, 1, 2), 0.5).tolist())),
        ("2 (2) 2", lambda r: r["shifts"].update(pixel_change=[0.01, 0.01])),
        ("2 (2) 3", lambda r: r["shifts"].update(flipped=np.full((SEEDS, 4, 2), 0.5).tolist())),
        ("2 (2) 4", lambda r: r["shifts"].update(accuracy=seeded(0.7, 0.7, 0.9, 0.9))),
        ("2 (2) 5", lambda r: [run.update(direct=seeded(0.2, 0.9)) for run in r["canvas"]["ways"].values()]),
        ("2 (3)", lambda r: r["by_hand"][0].update(float64=1e-6)),
        ("2 (4) 3", lambda r: r["stack"].update(sides=seeded(3.0, 9.0))),
    ],
)
def test_so_for_convolutions(part, change):
    results = convolutions()
    change(results)
    claim = by_part(results, claims_convolution)[part]
    assert claim["verdict"] == "did not hold"
    assert judged(claim).startswith(f"“{claim['said'].rstrip('.')}” did not hold: ")


def test_an_effect_within_the_spread_is_not_called_the_opposite():
    results = regularizers()
    results["dropout"]["sparsity"] = seeded(0.5, 0.5, spread=0.2)
    assert judged(by_part(results, claims_regularization)["1 (1) 3"]).endswith(f"did not hold: {NOTHING_SEEN}.")


def test_the_page_shows_claims_verdicts_and_numbers_of_a_run_and_every_figure_can_be_drawn():
    first = with_claims(regularizers(), claims_regularization)
    second = with_claims(convolutions(), claims_convolution)
    answers = answers_regularization.answers(first) + answers_convolution.answers(second)
    assert [answer.number for answer in answers] == [
        "004: 1 (1)", "004: 1 (2)", "004: 1 (3)", "004: 1 (4)", "004: 1 (5)", "004: 2 (1)", "004: 2 (2)", "004: 2 (3)",
        "004: 2 (4)"
    ]  # fmt: skip
    files = {figure.file: b"" for answer in answers for figure in answer.figures}
    page = report.render("t", "s", [report.Section("theory", answers)], files)
    assert "“learn a sparse representation” held." in page
    assert "(not: running statistics, test batches of 2)" in page
    assert "on which the test batch has no influence" in page
    drawn = {f"regularizers/{name}.png": getattr(regularization_figures, name)(first[name])
             for name in ("batch_sizes", "gradients", "variance_shift")}  # fmt: skip
    drawn["convolution/cost.png"] = convolution_figures.cost(second["layers"], second["timing"])
    for name in ("few_images", "shifts", "canvas"):
        drawn[f"convolution/{name}.png"] = getattr(convolution_figures, name)(second[name])
    elsewhere = {
        "regularizers/dropout.png",
        "regularizers/bagging.png",
        "convolution/by_hand.png",
        "convolution/receptive_fields.png",
        "convolution/stack.png",
    }  # test_theory_scripts.py draws these
    assert set(files) - set(drawn) == elsewhere


def test_what_was_not_run_makes_no_claim():
    results = {"gradients": regularizers()["gradients"], "timing": regularizers()["timing"]}
    assert {claim.part for claim in claims_regularization.claims(results)} == {"1 (3) 1", "1 (3) 3"}
    assert claims_convolution.claims({"by_hand": convolutions()["by_hand"]})[0].part == "2 (3)"
