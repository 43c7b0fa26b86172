"""The questions of problem 1 and our answers to them, in sentences made from measured numbers.

Takes the `results.json` of `train_cnn.py` and `inspect_cnn.py` as dicts; what the documents published is quoted beside.
"""

from hw3.report import Answer, Figure, Published, Results, Table, listed, percent, place


def network(train: Results) -> Answer:
    """The network of problem 1."""
    last, recipe = train["history"][-1], train["recipe"]
    parameters = sum(row[2] for row in train["layers"])
    shift = f", each image moved by up to {recipe['max_shift']} pixels" if recipe["max_shift"] else ""
    meets = "above" if last["train_accuracy"] >= 0.95 else "below"
    return Answer(
        "1",
        "How good is the network that all of this looks into?",
        f"The network {train['model']} with {parameters:,} parameters, trained on {train['dataset']} for "
        f"{last['epoch']} epochs of SGD with momentum {recipe['momentum']} (peak step size "
        f"{recipe['learning_rate']}{shift}), classifies {percent(last['test_accuracy'])} of the test images and "
        f"{percent(last['train_accuracy'])} of the training images correctly, which is {meets} the 95% on training "
        "images that the assignment asks for.",
        [
            Figure(
                f"{train['folder']}/curves.png",
                "Error and loss after each epoch, without augmentation, every image counted once.",
            )
        ],
        [
            Table(
                "Layers",
                ("layer", "output", "parameters"),
                [(name, " x ".join(map(str, shape)), f"{count:,}") for name, shape, count in train["layers"]],
            )
        ],
        [
            Published("001", "the network called wide here: 99.42% of the test images."),
            Published("004", "the network called narrow here, 2,390 parameters: 95.62% train, 95.92% test."),
            Published("002", "asks for at least three convolution layers and 95% accuracy on the training set."),
        ],
        "python scripts/train_cnn.py",
    )


def filters(inspect: Results) -> Answer:
    """Problem 1 (1)."""
    shapes = listed(
        [f"{f['shape'][0]} of {f['shape'][2]}x{f['shape'][3]} over {f['shape'][1]} channel{'s' * (f['shape'][1] > 1)} "
         f"({f['layer']}, largest weight {f['largest']:.2f})" for f in inspect["filters"]]
    )  # fmt: skip
    return Answer(
        "1 (1)",
        "What do the filters of the first convolution layers look like?",
        f"All of them are drawn: {shapes}. The first layer's filters can be read as edge and blob detectors, since "
        "their one input channel is the image; those of later layers weigh the channels below and mean nothing "
        "without them.",
        [
            Figure(
                f"inspect/filters_{f['layer']}.png",
                f"{f['layer']}: every filter, one symmetric colour scale.",
            )
            for f in inspect["filters"]
        ],
        published=[
            Published("000", "the first six filters of three layers, each drawn as 3x3."),
            Published("001", "32, 32 and 64 filters as pictures."),
            Published("004", "12, 12x12 and 8x12 filters; layer 1 detects edges, layer 3 parts of the digit."),
        ],
    )


def features(inspect: Results) -> Answer:
    """Problem 1 (2)."""
    found = inspect["features"]
    first, second = found["classes"]
    best = found["cells"][0]
    channel = found["channels"][0]
    top, bottom, left, right = best["pixels"]
    return Answer(
        "1 (2)",
        f"Could you tell the discriminant features between a {first} and a {second} from the feature maps?",
        f"Not reliably by eye, but by measurement: over all {found['counts'][0]} test images of {first} and "
        f"{found['counts'][1]} of {second}, the single cell of {found['layer']} that tells them apart best is cell "
        f"({best['cell'][0]}, {best['cell'][1]}) of channel {best['channel']}, larger for {best['larger_for']}: alone "
        f"it ranks a random pair of images rightly with probability (AUC) {best['auc']:.4f}, while the median cell "
        f"reaches {found['median_cell_auc']:.3f}. It sees pixel rows {top}-{bottom} and columns {left}-{right}, so "
        f"what counts is {place(top, bottom, left, right)}. As a whole, channel {channel['channel']} tells most (AUC "
        f"{channel['auc']:.4f} of its sum).",
        [
            Figure("inspect/feature_maps.png", f"{found['layer']} for both digits on one colour scale."),
            Figure("inspect/discrimination.png", "The most telling channels; the square marks the most telling cell."),
            Figure("inspect/layer_path.png", "The whole way of both digits through the network."),
        ],
        [
            Table(
                f"The ten cells of {found['layer']} that tell {first} from {second} best",
                ("channel", "cell (row, column)", "sees rows", "columns", "AUC", "larger for"),
                [
                    (c["channel"], f"({c['cell'][0]}, {c['cell'][1]})", "{}–{}".format(*c["pixels"][:2]),
                     "{}–{}".format(*c["pixels"][2:]), f"{c['auc']:.4f}", c["larger_for"])
                    for c in found["cells"]
                ],
            )
        ],
        [
            Published("000", "“I think the important part is the center.”"),
            Published("001", "the middle: wide in a 0, converging in an 8; the maps alone do not say it."),
            Published("002", "for 0 more curves, less visible for 8."),
            Published("003", "“we can still see clearly they are basically 0 and 8.”"),
            Published("004", "8 has a black pixel in the middle and longer horizontal edges at top and bottom."),
        ],
    )  # fmt: skip


def shifts(inspect: Results) -> Answer:
    """Problem 1 (3)."""
    found = inspect["shift"]
    digit, pixels = found["digit"], found["pixels"]
    original, left, right = found["versions"]
    changed = [v["name"] for v in (left, right) if v["prediction"] != original["prediction"]]
    verdict = f"the prediction changes {listed(changed)}" if changed else "the prediction does not change"
    by_shift = dict(zip(found["shifts"], found["horizontal"], strict=True))
    far = max(found["shifts"])
    over_all = ""
    if pixels in by_shift:
        over_all = (
            f" Over all {found['images']} test images of {digit}, {percent(by_shift[-pixels])} survive the shift to "
            f"the left and {percent(by_shift[pixels])} the one to the right, {percent(by_shift[0])} being right "
            f"without a shift; at {far} pixels it is {percent(by_shift[-far])} and {percent(by_shift[far])}."
        )
    return Answer(
        "1 (3)",
        f"Does the prediction change when a {digit} moves {pixels} pixels to the left or right?",
        f"For the first correctly classified {digit} of the test set {verdict}: P({digit}) is "
        f"{original['true_probability']:.6f} as it is, {left['true_probability']:.6f} after the shift to the left and "
        f"{right['true_probability']:.6f} after that to the right.{over_all}",
        [
            Figure("inspect/shifted.png", "Missing columns take the nearest valid ones (clamped borders)."),
            Figure("inspect/shift_curves.png", f"Accuracy over every test image of {digit} against the shift."),
        ],
        [
            Table(
                f"The shifted {digit}",
                ("image", "prediction", "its probability"),
                [(v["name"], v["prediction"], f"{v['probability']:.8f}") for v in found["versions"]],
            )
        ],
        [
            Published("000", "the prediction does not change."),
            Published("001", "1 each time, with 0.99985516 unmoved, 0.99613357 left, 0.72105975 right."),
            Published("002", "may or may not change, depending on network and image."),
            Published("003", "does not change."),
            Published("004", "a 7 took the place of the 1; still classified rightly."),
        ],
    )


def answers(train: Results, inspect: Results) -> list[Answer]:
    """The answers of problem 1 in the order of the assignment."""
    return [
        network(train),
        *(
            answer._replace(command="python scripts/inspect_cnn.py")
            for answer in (filters(inspect), features(inspect), shifts(inspect))
        ),
    ]
