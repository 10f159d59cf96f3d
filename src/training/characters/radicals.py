"""Groups of classes, for pictures in which thousands of rows are too many: kanji by radical, other characters by script.

ICU (Debian's python3-icu) orders kanji by radical and strokes, as Unicode's Unihan database does.
"""

import collections
import unicodedata

import icu

SMALLEST = 20
"""A radical of fewer kanji has no group of its own."""


def groups(kinds):
    """Returns a name for each class, in their order: "radical 水", "other radicals", or the script of what is no kanji."""
    kanji = [kind.characters[0] for kind in kinds if kind.script.startswith("kanji")]
    of = radicals(kanji)
    count = collections.Counter(of.values())
    names = {character: f"radical {radical}" if count[radical] >= SMALLEST else "other radicals" for character, radical in of.items()}
    return [names.get(kind.characters[0], kind.script) for kind in kinds]


def radicals(kanji):
    """Returns the radical of each kanji: in ICU's order it is the last of the 214 radicals that does not come after the kanji."""
    order = icu.Collator.createInstance(icu.Locale("zh@collation=unihan")).getSortKey
    heads = {unicodedata.normalize("NFKC", chr(0x2F00 + i)) for i in range(214)}  # the block of Kangxi radicals
    found, radical = {}, None
    for character in sorted(heads.union(kanji), key=order):
        radical = character if character in heads else radical
        found[character] = radical
    return {character: found[character] for character in kanji}
