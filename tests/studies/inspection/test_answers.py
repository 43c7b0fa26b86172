"""The page's sentences on problem 1 say what the numbers say, in every case that a network may bring about."""

import numpy as np
import pytest
from page_rules import by_document, check, marks

from hw3.cnn.checkpoints import Run
from hw3.cnn.inspection import Discrimination
from hw3.cnn.training import EpochMetrics, Metrics, Recipe
from hw3.studies import inspection, training
from hw3.studies.inspection import Settings
from hw3.studies.inspection.measure import (
    Cell,
    Channel,
    ChannelAucs,
    Features,
    FilterBank,
    LayerMaps,
    Results,
    Shifts,
    Version,
)
from hw3.studies.training import LayerRow


def trained(train=0.99999, test=0.9941, model="wide", convolutions=3):
    run = Run(model, "mnist", (28, 28, 1), 3000, 10, Recipe(), 0)
    layers = (*(LayerRow(f"conv{n + 1}", (9, 9, 9), 100) for n in range(convolutions)), LayerRow("logits", (10,), 10))
    history = (EpochMetrics(4, Metrics(0.1, train), Metrics(0.1, test)),)
    return training.Results(run, "train_wide", layers, history, None)


def inspected(auc=0.9941, ink=(0.03, 0.77), predictions=(1, 7), settings=None, dataset="mnist"):
    maps = np.zeros((8, 8, 64), np.float32)
    features = Features(
        "conv3",
        (3, 61),
        np.zeros((2, 28, 28, 1), np.float32),
        (LayerMaps("conv3", np.stack([maps, maps])),),
        Discrimination(maps, maps[0, 0], maps, maps, (980, 974)),
        (Cell(22, 4, 2, auc, 0, (8, 21, 4, 17)),),
        (Channel(7, 0.93, auc, 8),),
        0.61,
        ink,
        (ChannelAucs("conv3", maps[0, 0]),),
    )
    versions = (
        Version("original", 1, 0.9, 0.9),
        Version("3 pixels left", predictions[0], 0.8, 0.8),
        Version("3 pixels right", predictions[1], 0.7, 0.2),
    )
    curve = (0.2, 0.97, 0.999, 0.98, 0.1)
    shifts = Shifts(2, np.zeros((3, 28, 28, 1), np.float32), versions, 1135, (-8, -3, 0, 3, 8), curve, curve)
    filters = tuple(
        FilterBank(f"conv{n + 1}", np.zeros((32, inputs, 5, 5)), 0.5) for n, inputs in enumerate((1, 32, 32))
    )
    return Results(settings or Settings(), "wide", dataset, filters, features, shifts)


def answers(results, network=None):
    return inspection.answers(network or trained(), results)


def test_every_answer_keeps_the_rules_of_the_page():
    check(answers(inspected()), ("train_wide", "inspect"))
    check(answers(inspected(predictions=(7, 9)), trained(0.5, 0.5)))
    assert [answer.number for answer in answers(inspected())] == ["1", "1 (1)", "1 (2)", "1 (3)"]


def test_network():
    network = answers(inspected())[0]
    assert "99.41% of the test images and 99.99% of the training images correctly, and so meets" in network.verdict
    assert "310 parameters and was trained on 3,000 images of mnist for 4 epochs" in network.answer
    assert "does not meet" in answers(inspected(), trained(convolutions=2))[0].verdict
    assert "does not meet" in answers(inspected(), trained(train=0.94))[0].verdict


def test_a_published_accuracy_is_right_if_ours_differs_by_chance_at_most():
    assert marks(answers(inspected(), trained(test=0.9937))[0], "001") == ["right"]
    assert marks(answers(inspected(), trained(test=0.98))[0], "001") == [""]
    assert marks(answers(inspected(), trained(test=0.9937, model="narrow"))[0], "001") == [""]
    [parameters, accuracy] = by_document(answers(inspected(), trained(test=0.958, model="narrow"))[0], "004")
    assert (parameters[1], accuracy[1]) == ("right", "right")


def test_filters():
    filters = answers(inspected())[1]
    assert "32 filters of conv1" in filters.verdict
    assert "a later filter weighs 32 channels" in filters.verdict
    assert len(filters.figures) == 3
    assert marks(filters, "000") == ["misprinted"]
    assert marks(filters, "001") == ["right"]
    alone = inspected()._replace(filters=inspected().filters[:1])
    assert "later" not in answers(alone)[1].verdict


@pytest.mark.parametrize(("auc", "word"), [(0.9941, "Yes: "), (0.8, "In part: "), (0.6, "Hardly: ")])
def test_whether_features_tell_follows_from_their_auc(auc, word):
    features = answers(inspected(auc))[2]
    assert features.verdict.startswith(word)
    assert f"probability {auc:.4f} (AUC), the median cell with 0.610." in features.verdict
    assert "cell (4, 2) of channel 22, larger for 0" in features.answer
    assert "rows 8-21 and columns 4-17, around the left of the image" in features.answer


def test_the_ink_in_the_middle_decides_between_the_documents():
    features = answers(inspected())[2]
    assert "an 8 has more ink in the middle than a 0: a mean of 0.77 against 0.03" in features.answer
    assert marks(features, "000") == ["right"]
    assert marks(features, "004")[0] == "right under a convention"
    features = answers(inspected(ink=(0.7, 0.1)))[2]
    assert "a 0 has more ink in the middle than an 8: a mean of 0.70 against 0.10" in features.answer
    assert marks(features, "000") == ["wrong"]
    assert marks(features, "004")[0] == "right"
    others = answers(inspected(settings=Settings(classes=(3, 5))))[2]
    assert {entry.mark for entry in others.published} == {""}, "the documents speak of 0 and 8"
    assert {entry.mark for entry in answers(inspected(dataset="stripes"))[2].published} == {""}


def test_shifts():
    moved = answers(inspected())[3]
    assert moved.verdict.startswith("Yes, moved right to a 7; of all 1,135 test images of 1, 97.00% stay correct")
    assert "moved left and 98.00% moved right." in moved.verdict
    assert "8 pixels to the left it is 20.00%, to the right 10.00%" in moved.answer
    assert marks(moved, "000") == marks(moved, "003") == [""]
    assert marks(moved, "002") == ["right"]
    still = answers(inspected(predictions=(1, 1)))[3]
    assert still.verdict.startswith("No, this 1 stays a 1 both ways; ")
    assert marks(still, "000") == marks(still, "003") == ["right"]
    far = answers(inspected(settings=Settings(shift_pixels=5)))[3]
    assert "of all" not in far.verdict
