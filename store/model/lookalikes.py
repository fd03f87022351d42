"""Names that differ and look alike: by case, by width, or by letters of other scripts.

They stay different names, compared by what they are made of. This only tells whom to mark.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping

# Cyrillic, Greek, Armenian and phonetic letters, and the Latin ones that they are drawn like in
# one of their cases.
_LIKE_LATIN = str.maketrans(
    "авеікмнорстухѕјһԁԛԝӏгп" + "αβεζηικμνορτυχγω" + "օսհոց" + "ıɑɡɩʋ",
    "abelkmhopctyxsjhdqwlrn" + "abezhlkmvoptuxyw" + "ouhng" + "laglu",
)
_LIKE_CAPITALS = str.maketrans("ΝΥ", "NY")  # their small letters are like others
_LIKE_EACH_OTHER = str.maketrans("01|i", "olll")


def skeleton(name: str) -> str:
    """What is left of a name when everything is taken away that is hard to see."""
    folded = name if name.isascii() else unicodedata.normalize("NFKC", name)
    folded = folded.translate(_LIKE_CAPITALS).casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded).translate(_LIKE_LATIN)
        folded = "".join(sign for sign in folded if unicodedata.category(sign) != "Cf")
    return " ".join(folded.translate(_LIKE_EACH_OTHER).split())


def lookalikes(shown: Mapping[str, str]) -> frozenset[str]:
    """Of these names, those that look like another one of them.

    Args:
        shown: each name and the text that it is shown as.
    """
    skeletons = {name: skeleton(text) for name, text in shown.items()}
    counts = Counter(skeletons.values())
    return frozenset(name for name, found in skeletons.items() if counts[found] > 1)
