"""The page's sentences say what the numbers say, in every case that a network may bring about."""

import copy

from hw3.studies.inspection import answers as answers_inspection
from hw3.studies.robustness import answers as answers_occlusion

TRAIN = {
    "command": "python scripts/train_cnn.py",
    "folder": "train_wide",
    "model": "wide",
    "dataset": "mnist",
    "images": 3000,
    "recipe": {"momentum": 0.9, "learning_rate": 0.05, "max_shift": 2},
    "layers": [["conv1", [24, 24, 32], 832], ["conv2", [9, 9, 9], 10], ["conv3", [8, 8, 9], 10], ["logits", [10], 10]],
    "history": [{"epoch": 4, "train_accuracy": 0.99999, "test_accuracy": 0.9941}],
}
INSPECT = {
    "command": "python scripts/inspect_cnn.py",
    "image_shape": [28, 28, 1],
    "filters": [{"layer": "conv1", "shape": [32, 1, 5, 5], "largest": 0.5}],
    "features": {
        "layer": "conv3",
        "classes": [0, 8],
        "counts": [980, 974],
        "median_cell_auc": 0.61,
        "cells": [{"channel": 22, "cell": [4, 2], "auc": 0.9941, "larger_for": 0, "pixels": [8, 21, 4, 17]}],
        "channels": [{"channel": 7, "auc": 0.93}],
    },
    "shift": {
        "digit": 1,
        "image": 2,
        "pixels": 3,
        "images": 1135,
        "shifts": [-8, -3, 0, 3, 8],
        "horizontal": [0.2, 0.97, 0.999, 0.98, 0.1],
        "versions": [
            {"name": "original", "prediction": 1, "probability": 0.9, "true_probability": 0.9},
            {"name": "3 pixels left", "prediction": 1, "probability": 0.8, "true_probability": 0.8},
            {"name": "3 pixels right", "prediction": 7, "probability": 0.7, "true_probability": 0.2},
        ],
    },
}
SWEEP = {
    "command": "python scripts/sweep_occlusion.py",
    "digit": 6,
    "patch": [8, 8],
    "image_shape": [28, 28],
    "maps": [21, 21],
    "accuracy": 431 / 441,
    "taken_for": {"0": 4, "5": 6},
    "clean_probability": 0.999993,
    "lowest_true_probability": 0.001249,
    "region": {"first_row": 6, "last_row": 22, "first_col": 2, "last_col": 20},
    "most_important_pixel": [14, 9],
    "largest_importance": 0.58,
    "halves": {"upper": 0.075, "lower": 0.072},
    "cases": [],
}
SEARCH = {
    "command": "python scripts/find_overlays.py",
    "digit": 6,
    "black": {"patch": 8, "positions": 441, "flips": 40},
    "window": {
        "side": 10,
        "black_accuracy": 0.734,
        "donors": [{"donor": 3, "accuracy": 0.657}, {"donor": 5, "accuracy": 0.881}],
    },
    "search": {
        "donors_per_class": 1,
        "patch_sizes": [3, 4, 6],
        "classes": [3, 5],
        "tried": [[100, 60, 40], [100, 60, 40]],
        "flips": [[0, 6, 10], [0, 0, 14]],
        "beyond_black": [[0, 0, 1], [0, 0, 4]],
        "smallest": {"patch": [4, 4], "donor_label": 3, "predicted": 8, "probability": 0.421},
        "best": [{"beyond_black": True, "donor_label": 5, "predicted": 0, "probability": 0.9991}],
    },
}


def changed(results, **changes):
    return copy.deepcopy(results) | changes


def test_network():
    text = answers_inspection.network(TRAIN).answer
    assert "862 parameters, trained on 3,000 images of mnist" in text
    assert "99.41% of the test images and 99.99% of the training images" in text
    assert "It meets what the assignment asks for: at least three convolutions (here 3)" in text
    assert "It does not meet" in answers_inspection.network(changed(TRAIN, layers=TRAIN["layers"][1:])).answer
    worse = [{"epoch": 4, "train_accuracy": 0.94, "test_accuracy": 0.9}]
    assert "It does not meet" in answers_inspection.network(changed(TRAIN, history=worse)).answer


def test_features():
    text = answers_inspection.features(INSPECT).answer
    assert "cell (4, 2) of channel 22, larger for 0: alone it ranks a random pair" in text
    assert "(AUC) 0.9941, while the median cell reaches 0.610" in text
    assert "rows 8-21 and columns 4-17, around the left of the image" in text


def test_shifts():
    text = answers_inspection.shifts(INSPECT).answer
    assert "the prediction changes (3 pixels right): P(1) is 0.900000 as it is, 0.800000" in text
    assert (
        "97.00% after the shift to the left and 98.00% after that to the right; at 8 pixels it is 20.00% and 10.00%"
        in text
    )
    still = copy.deepcopy(INSPECT)
    still["shift"]["versions"][2]["prediction"] = 1
    assert "the prediction does not change" in answers_inspection.shifts(still).answer


def test_maps_and_the_doubt_about_001():
    answer = answers_occlusion.sweep_maps(SWEEP)
    assert "it still says 6 97.732% of the time and otherwise 0 (4x), 5 (6x)" in answer.answer
    [said] = [entry.said for entry in answer.published if entry.document == "001"]
    assert "97.723% of the positions right (no number of 441 positions gives that)" in said
    assert "otherwise" not in answers_occlusion.sweep_maps(changed(SWEEP, taken_for={}, accuracy=1.0)).answer


def test_importance():
    text = answers_occlusion.important(SWEEP).answer
    assert "row 14, column 9, in the left of the image: patches over it lower P(6) by 0.580" in text
    assert "0.075 in the upper and 0.072 in the lower half" in text
    assert "within rows 6-22 and columns 2-20" in text
    assert "No patch changes the label." in answers_occlusion.important(changed(SWEEP, region=None)).answer
    fragile = {"images": 20, "accuracies": [0.9, 0.7, 0.95]}
    text = answers_occlusion.important(changed(SWEEP, fragility=fragile)).answer
    assert "the 1 is the most fragile (70.00% of all occluded images right) and the 2 the most robust (95.00%)" in text


def search(**changes):
    return changed(SEARCH, search=SEARCH["search"] | changes)


def test_overlays_are_counted_once_over_all_candidates():
    text = answers_occlusion.overlays(SEARCH).answer
    assert text.startswith("Yes. 40 of 441 black 8x8 patches flip the label by covering alone.")
    assert "falls most for a 3, to 65.700% (a black window: 73.400%)" in text
    assert "Of 400 patches cut from 1 image of each other digit" in text
    assert "30 (7.50%) change the label, 5 (1.25%) of them where a black patch at the same place does not" in text
    assert (
        "most often those of the 5. The smallest size tried that does measures 4x4 pixels (not 3x3): cut from a 3"
        in text
    )
    assert "The most confident mistake, where covering alone is not to blame, comes from a 5: 0 with 0.9991." in text


def test_overlays_that_only_cover_are_no_yes():
    covering = search(beyond_black=[[0, 0, 0], [0, 0, 0]], best=[SEARCH["search"]["best"][0] | {"beyond_black": False}])
    text = answers_occlusion.overlays(covering).answer
    assert text.startswith("No. ")
    assert "covering alone is not to blame" not in text
    assert "most often those" not in text


def test_no_overlay_flips():
    nothing = search(flips=[[0, 0, 0]] * 2, beyond_black=[[0, 0, 0]] * 2, smallest=None, best=[])
    answer = answers_occlusion.overlays(nothing)
    assert "0 (0.00%) change the label" in answer.answer
    assert not {"overlays/overlays.png", "overlays/smallest.png"} & {figure.file for figure in answer.figures}


def test_every_answer_names_the_command_that_made_it():
    for answer in answers_inspection.answers(TRAIN, INSPECT) + answers_occlusion.answers(SWEEP, SEARCH):
        assert answer.command.startswith("python scripts/")
