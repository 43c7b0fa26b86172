"""What the classes and the scores of a classifier are called: digits and probabilities, or what a user says."""

from collections.abc import Sequence
from typing import NamedTuple

from hw3.report.words import with_article

BRIEF = 22  # characters of a name in a figure
ABOVE_PICTURE = 33  # characters of a line above a small picture

# By what `hw3.classifiers.SCORES` calls them: what a score is called, and the function that it is written as.
QUANTITIES = {
    "probability": ("probability", "P"),
    "sigmoid": ("probability", "P"),
    "logit": ("logit", "logit"),
    "value": ("score", "score"),
}


class Naming(NamedTuple):
    """Words for a classifier's classes and scores."""

    classes: tuple[str, ...] = ()  # names in order; none where classes are called by their numbers
    score: str = "probability"  # one of `hw3.classifiers.SCORES`

    @property
    def kind(self) -> str:
        """What a class is."""
        return "class" if self.classes else "digit"

    @property
    def kinds(self) -> str:
        """Several of them."""
        return "classes" if self.classes else "digits"

    @property
    def quantity(self) -> str:
        """What a score is."""
        return QUANTITIES[self.score][0]

    def name(self, label: int) -> str:
        """A class as it stands in a table.

        >>> Naming().name(6), Naming(("cat", "dog")).name(1)
        ('6', 'dog')
        """
        return self.classes[label] if self.classes else str(label)

    def brief(self, label: int) -> str:
        """A class as it stands in a figure, where there is little room.

        >>> Naming(("great white shark, white shark",)).brief(0)
        'great white shark'
        """
        name = self.name(label)
        first = name if len(name) <= BRIEF else name.split(",")[0]
        return first if len(first) <= BRIEF else f"{first[: BRIEF - 1]}…"

    def called(self, label: int) -> str:
        """A class as it stands in a sentence.

        >>> Naming().called(8), Naming(("cat", "dog")).called(0)
        ('an 8', '“cat”')
        """
        return f"“{self.brief(label)}”" if self.classes else with_article(label)

    def of(self, label: int) -> str:
        """The score of a class.

        >>> Naming().of(6), Naming(("cat", "dog"), "logit").of(1)
        ('P(6)', 'logit(dog)')
        """
        return f"{QUANTITIES[self.score][1]}({self.brief(label)})"

    def predicted(self, label: int, score: float) -> str:
        """What is predicted, above a small picture; in two lines if the name is long.

        >>> Naming().predicted(5, 0.25), Naming(("golden retriever",)).predicted(0, 0.25)
        ('predicted 5 with 0.250', 'predicted golden retriever\\nwith 0.250')
        """
        text = f"predicted {self.brief(label)} with {score:.3f}"
        return text if len(text) <= ABOVE_PICTURE else text.replace(" with ", "\nwith ")

    def of_true(self) -> str:
        """The score of the true class, whichever it is."""
        return f"{QUANTITIES[self.score][1]}(true label)"


DIGITS = Naming()


def short_names(labels: Sequence[int], naming: Naming) -> dict[int, str]:
    """A text of at most four characters for each class, to stand in the cells of a map: no two the same.

    The shortest beginnings that tell their names apart, or the numbers of the classes where none do.

    >>> short_names([0, 1, 2], Naming(("cat", "car", "dog")))
    {0: 'cat', 1: 'car', 2: 'd'}
    >>> short_names([0, 1], Naming(("poodle toy", "poodle miniature"))), short_names([3], Naming())
    ({0: '0', 1: '1'}, {3: '3'})
    """
    names = {label: naming.name(label) for label in labels}
    found = {}
    for label, name in names.items():
        others = [other for key, other in names.items() if key != label]
        found[label] = next((name[:n] for n in range(1, 5) if not any(o.startswith(name[:n]) for o in others)), "")
    return found if naming.classes and all(found.values()) else {label: str(label) for label in labels}
