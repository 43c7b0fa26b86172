import re

import numpy as np
import pytest

from hw3.studies import audit
from hw3.studies.audit.findings import CONVENTION, FAULTS, REPRODUCED
from hw3.studies.audit.images import checks, transcription
from hw3.studies.audit.images.transcription import document, parse


def test_every_transcribed_number_is_audited_once():
    for name in audit.DOCUMENTS:
        blocks = document(name)
        findings, verdicts = checks.audit(blocks)
        numbers = [number for block in blocks.values() for number in block.numbers]
        assert [finding.printed for finding in findings] == [number.text for number in numbers]
        assert {key: len(found) for key, found in verdicts.items()} == {
            key: len(block.numbers) for key, block in blocks.items()
        }
        places = [(finding.part, finding.what) for finding in findings if ", row " in finding.what]
        assert len(set(places)) == len(places)


def test_nothing_is_lost_on_the_way_from_the_files():
    """Counted another way: digits in the files, without names and what says which block is which."""
    counts = {name: sum(len(block.numbers) for block in document(name).values()) for name in audit.DOCUMENTS}
    for name, count in counts.items():
        path = transcription.importlib.resources.files("hw3.studies.audit") / "printed" / f"{name}.txt"
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line[:1] not in ("#", "[")]
        lines += [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(("[row(", "[6"))]
        text = "\n".join(lines).replace("2,390", "2390")
        text = re.sub(r"conv2d_?\d*|max_pooling2d_?\d*|flatten_\d+|dense_\d+|Conv2D|MaxPooling2D|model_\d", "", text)
        text = re.sub(r"^\d 2?D?|\(image \d\)|P\(y=6 x\)|prob_of_6|by 3 pixels  ", "", text, flags=re.MULTILINE)
        words = len(re.findall(r"\b(three|six)\b", text))
        assert len(re.findall(r"\d+(?:\.\d+)?", text)) + words == count, name
    assert sum(counts.values()) == 1815


TEXT = """# ours

[3(1) | some | a text]
three 8x8 conv2d_1 1.5% 2,390 59th (3,3,1,32)
"""
TABLE = """[1 | some | a table]
in 3 words
layer  units  1.0
conv2d (Conv2D)  (2, 4)  6
"""


def test_forms_of_numbers():
    (block,) = parse("004", TEXT).values()
    assert block.values == [3, 8, 8, 1.5, 2390, 59, 3, 3, 1, 32]
    assert (block.problem, block.part, block.what) == (1, "3(1)", "a text")
    (block,) = parse("001", TABLE).values()
    assert [(n.text, n.row, n.column) for n in block.numbers] == [
        ("3", 0, 0),
        ("1.0", -1, 1),
        ("2", 1, 0),
        ("4", 1, 1),
        ("6", 1, 2),
    ]


def test_a_block_that_cannot_be_read():
    with pytest.raises(ValueError, match="doesn't open a block"):
        parse("000", "[1 | two words | what]\n1\n")
    with pytest.raises(ValueError, match="again"):
        parse("000", "[1 | key | what]\n1\n\n[1 | key | what]\n2\n")


def with_text(blocks, key, index, text):
    block = blocks[key]
    numbers = (*block.numbers[:index], block.numbers[index]._replace(text=text), *block.numbers[index + 1 :])
    return {**blocks, key: block._replace(numbers=numbers)}


@pytest.mark.parametrize(
    ("name", "key", "decided_by"),
    [
        ("000", "probability", "highest"),
        ("000", "highest", "highest"),
        ("000", "places", "places"),
        ("000", "region", "region"),
        ("001", "description", "description"),
        ("001", "layers", "layers"),
        ("002", "patch", "patch"),
        ("004", "totals", "totals"),
        ("004", "filters", "filters"),
        ("004", "probability", "highest"),
        ("004", "highest", "highest"),
    ],
)
def test_a_digit_changed_in_the_transcription_changes_a_verdict(name, key, decided_by):
    """Of the numbers that are reproduced, and of those that reproduce another."""
    rng = np.random.default_rng(0)
    blocks = document(name)
    findings, verdicts = checks.audit(blocks)
    decided = [i for i, verdict in enumerate(verdicts[decided_by]) if verdict.verdict in (REPRODUCED, CONVENTION)]
    decided = [i for i in decided if blocks[key].numbers[i].text[-1].isdigit()]
    for index in rng.choice(decided, min(len(decided), 5), replace=False):
        text = blocks[key].numbers[index].text
        other = text[:-1] + str((int(text[-1]) + rng.integers(1, 10)) % 10)
        again, _ = checks.audit(with_text(blocks, key, index, other))
        assert [row.verdict for row in again] != [row.verdict for row in findings], (index, text, other)


def test_a_changed_label_contradicts_its_probability():
    blocks = document("004")
    numbers = blocks["labels"].numbers
    (index,) = [i for i, n in enumerate(numbers) if (n.row, n.column) == (0, 0)]
    found = checks.audit(with_text(blocks, "labels", index, "5"))[1]["labels"][index]
    assert found.verdict in FAULTS
    assert "above one half" in found.reason
