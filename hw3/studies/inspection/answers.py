"""The questions of problem 1 and our answers to them, in sentences made from measured numbers.

Takes the `results.json` of `train_cnn.py` and `inspect_cnn.py` as dicts; what the documents published is quoted beside.
"""

from hw3.report.page import Answer, Figure, Published, Results, Table
from hw3.report.words import enumerated, percent, where, with_article


def network(train: Results) -> Answer:
    """The network of problem 1."""
    last, recipe = train["history"][-1], train["recipe"]
    parameters = sum(row[2] for row in train["layers"])
    shift = f", each image moved by up to {recipe['max_shift']} pixels" if recipe["max_shift"] else ""
    convolutions = sum(name.startswith("conv") for name, _, _ in train["layers"])
    meets = "meets" if last["train_accuracy"] >= 0.95 and convolutions >= 3 else "does not meet"
    return Answer(
        "1",
        "How good is the network that all of this looks into?",
        f"The network {train['model']} with {parameters:,} parameters, trained on {train['images']:,} images of "
        f"{train['dataset']} for {last['epoch']} epochs of SGD with momentum {recipe['momentum']} (peak step size "
        f"{recipe['learning_rate']}{shift}), classifies {percent(last['test_accuracy'])} of the test images and "
        f"{percent(last['train_accuracy'])} of the training images correctly. It {meets} what the assignment asks "
        f"for: at least three convolutions (here {convolutions}) and 95% on the training images.",
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
        train["command"],
    )


def filters(inspect: Results) -> Answer:
    """Problem 1 (1)."""
    shapes = enumerated(
        [f"{f['shape'][0]} of {f['shape'][2]}x{f['shape'][3]} over {f['shape'][1]} channel{'s' * (f['shape'][1] > 1)} "
         f"({f['layer']}, largest weight {f['largest']:.2f})" for f in inspect["filters"]]
    )  # fmt: skip
    return Answer(
        "1 (1)",
        "What do the filters of the first convolution layers look like?",
        f"All of them are drawn: {shapes}. Only those of the first layer act on the image itself and "
        "can be read as small pictures; those of later layers weigh the channels of the layer below.",
        [
            Figure(
                f"inspect/filters_{f['layer']}.png",
                f"{f['layer']}: every filter, one symmetric colour scale.",
            )
            for f in inspect["filters"]
        ],
        published=[
            Published("000", "the first six of each layer, all labelled (3, 3, 1, 32), impossible after the first."),
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
        f"Could you tell the discriminant features between {with_article(first)} and {with_article(second)} from the "
        f"feature maps?",
        f"By measurement, yes: over all {found['counts'][0]} test images of {first} and {found['counts'][1]} of "
        f"{second}, the single cell of {found['layer']} that tells them apart best is cell ({best['cell'][0]}, "
        f"{best['cell'][1]}) of channel {best['channel']}, larger for {best['larger_for']}: alone it ranks a random "
        f"pair of images rightly with probability (AUC) {best['auc']:.4f}, while the median cell reaches "
        f"{found['median_cell_auc']:.3f}. It sees pixel rows {top}-{bottom} and columns {left}-{right}, around "
        f"{where(top, bottom, left, right, max(inspect['image_shape'][:2]))}. As a whole, channel "
        f"{channel['channel']} tells most (AUC {channel['auc']:.4f} of its sum).",
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
            Published("000", "“I think the important part is the center”: no white there in a 0, some in an 8."),
            Published(
                "001",
                "its maps at (6, 0) and (5, 0) mean 0, those at (1, 1) and (5, 2) mean 8, but the maps alone do not "
                "say why; then: the middle, wide in a 0 and converging in an 8.",
            ),
            Published("002", "for 0 more curves, less visible for 8."),
            Published("003", "“we can still see clearly they are basically 0 and 8.”"),
            Published(
                "004",
                "“digit 8 has a black pixel in the middle, while digit 0 has white pixels”, the opposite of 000, and "
                "longer horizontal edges; its maps are of the first layer, not the third.",
            ),
        ],
    )  # fmt: skip


def shifts(inspect: Results) -> Answer:
    """Problem 1 (3)."""
    found = inspect["shift"]
    digit, pixels = found["digit"], found["pixels"]
    original, left, right = found["versions"]
    changed = [v["name"] for v in (left, right) if v["prediction"] != original["prediction"]]
    verdict = f"the prediction changes ({enumerated(changed)})" if changed else "the prediction does not change"
    by_shift = dict(zip(found["shifts"], found["horizontal"], strict=True))
    far = max(found["shifts"])
    over_all = ""
    if pixels in by_shift:
        over_all = (
            f" Over all {found['images']} test images of {digit}, {percent(by_shift[0])} are classified rightly as "
            f"they are, {percent(by_shift[-pixels])} after the shift to the left and {percent(by_shift[pixels])} after "
            f"that to the right; at {far} pixels it is {percent(by_shift[-far])} and {percent(by_shift[far])}."
        )
    return Answer(
        "1 (3)",
        f"Does the prediction change when {with_article(digit)} moves {pixels} pixels to the left or right?",
        f"For test image {found['image']}, {with_article(digit)}, {verdict}: P({digit}) is "
        f"{original['true_probability']:.6f} as it is, {left['true_probability']:.6f} after the shift to the left "
        f"and {right['true_probability']:.6f} after that to the right.{over_all}",
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
            answer._replace(command=inspect["command"])
            for answer in (filters(inspect), features(inspect), shifts(inspect))
        ),
    ]
