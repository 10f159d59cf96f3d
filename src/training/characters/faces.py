"""Lists the faces that train and test the characters model: one row a face, with package, file and licence.

    python3 -m characters.faces src/training/characters/faces.csv    # in src/training, fonts installed

A design is one drawing of the characters; its weights, widths and regional variants are faces of the same design. The
held-out pairs and the unseen fonts are chosen by design, so that no other weight of it gives a character away.
"""

import argparse
import csv
import dataclasses
import os
import pathlib
import re
import subprocess

from fontTools import ttLib

PACKAGES = pathlib.Path(__file__).parent / "font-packages.txt"
# Skipped: slanted copies, proportional or monospaced twins with the same drawings, symbols, and cursive that few can read.
SKIPPED = re.compile(
    r"italic|oblique(?<!Smiley Sans Oblique)|slanted|math|initials|keyboard|symbol|music|sample|upper|csur|jamo|quran|colored|siyaq"
    r"|mono cjk|cjk hk|ume p |ume ui|udp|ipap|m plus \d (thin|extralight|medium|semibold|extrabold)|\bp ?gothic|\bp ?mincho|umeplus|migu|migmix [12]m|1 code|mplus code|code latin|wenkai mono|misakigothic$"
    r"|ligature|d2coding|eco|yethangul|yoz\w*(90|m|x)|yoz\w*i$|yoz(a|c|e)p|yoz(e|a|c)f|zen hei (mono|sharp)|micro hei mono|mbe|hk$"
    r"|souso|sousyo|kanjistrokeorders|tohaba|konatu tohaba|-ex$|\bui\b|display|xspace|busra (?!$)|ext-b|plus$|hanaminb|gyousyo|guseul"
    r"|ac$|capt|typewriter text variable|sm ?exp|\bexp\b|nf$|\bpl$|samaritan|titr|dinaru|caladings|trashim|sticks|patch|tifinagh \w"
    r"|ipaexmincho|vl pgothic|mona$|monapo|zen hei sharp|gyre|drop|droid sans fallback$|droidsansfallback\.ttf|cmu typewriter|block", re.IGNORECASE)
# Debian's packages spell the same licence in several ways.
SPELLINGS = [
    (r"(?i)\b(SIL-|SIL-OFL-|OFL |OFL)1\.1\b", "OFL-1.1"),
    (r"^SIL Open Font License, Version 1\.1.*", "OFL-1.1"),
    (r"\bApache-2$", "Apache-2.0"),
    (r"\bCC0-1$", "CC0-1.0"),
    (r"^IPA-1$", "IPA-1.0"),
    (r"^Public Domain$", "public-domain"),
    (r"(?i)^arphic-public-license( and,)?", r"Arphic-Public-License\1"),
    (r" and,", " and"),
    (r"^custom$", "Oradano-Font-License"),  # only that package has one
]
# What copyright files without short names call their licence: the first that is found.
TITLES = [
    (r"ARPHIC PUBLIC LICENSE", "Arphic-Public-License"),
    (r"SIL OPEN FONT LICENSE Version 1\.1", "OFL-1.1"),
    (r"SIL OPEN FONT LICENSE Version 1\.0", "OFL-1.0"),
]
WEIGHTS = re.compile(
    r"\b(regular|thin|extra ?light|ultra ?light|demi ?light|light|medium|semi ?bold|extra ?bold|bold|black|condensed|narrow|cond|smbold|smcond"
    r"|book|air|pro|[wc]?\d+|jp|kr|sc|tc|cn|tw|cjk|o\d|s\d|c\d)\b", re.IGNORECASE)
NOTO_STYLES = re.compile(r"-(Regular|Bold|Black|ExtraLight|SemiCondensedMedium|ExtraCondensedBold)\.")
CJK_VARIANTS = {  # weight of a Noto CJK collection to the regional indices that are taken
    "ExtraLight": (0,), "Thin": (0,), "DemiLight": (2,), "Light": (0,), "Regular": (0, 2, 3), "Medium": (1,), "SemiBold": (1,),
    "Bold": (0, 3), "Black": (0, 2)}
DESIGNS = (  # designs that share drawings although their names differ
    (r"^Noto Sans", "Noto Sans"), (r"^Noto Serif", "Noto Serif"), (r"^NanumBarunGothic|^NanumGothic|^NanumSquare", "Nanum Gothic"),
    (r"^MigMix|^M PLUS|^VL Gothic", "M PLUS"), (r"^Ume .*Mincho", "Ume Mincho"), (r"^Ume", "Ume Gothic"), (r"^YOz", "YOz"), (r"^kiloji", "kiloji"),
    (r"^WenQuanYi Micro|^Droid Sans Fallback", "Droid Sans Fallback"), (r"^LXGW|^Klee", "Klee"), (r"^AR PL (UKai|Kaiti)", "AR PL Kai"),
    (r"^AR PL (UMing|Mingti|Sungti)", "AR PL Ming"), (r"^IPA\w*Mincho", "IPA Mincho"), (r"^Misaki", "Misaki"), (r"^Unifont", "Unifont"),
    (r"^TW-Kai", "TW-Kai"), (r"^TW-Sung", "TW-Sung"), (r"^BM HANNA", "BM HANNA"), (r"^BM E", "BM EULJIRO"), (r"^DejaVu Sans", "DejaVu Sans"), (r"^DejaVu Serif", "DejaVu Serif"),
    (r"^Khmer Busra", "Khmer Busra"), (r"^Kouzan", "Kouzan"), (r"^Monlam Uni OuChan", "Monlam OuChan"), (r"^Yrsa|^Rasa", "Yrsa"))
UNSEEN = (  # designs that no choice and no training sees
    "Reggae One", "RocknRoll One", "Stick", "Yusei Magic", "Smiley Sans Oblique", "MotoyaLMaru", "SetoFont",
    "BM JUA", "BM YEONSUNG", "BM KIRANGHAERANG", "Nanum Pen Script", "Comfortaa", "Lobster Two", "Comic Neue", "GNUTypewriter", "Purisa",
    "Ktav Yad CLM", "Lemonada", "Chilanka", "Ethiopic Hiwua", "Khmer OS Freehand", "BPG Ingiri GPL&GNU", "Jamrul", "Ramaraja", "Navilu", "Sarai",
    "Monlam Uni PayTsik")
LEFT_OUT = ("Misaki",)  # 8 pixels high: nobody reads its kanji
SECTIONS = {  # section of the package list to what its faces are used for: "only" these scripts, or "not" these
    "Japanese and Chinese": ("only", ("kanji-1", "kanji-2", "hanzi", "hiragana", "katakana", "bopomofo", "hangul")),
    "Korean": ("only", ("hangul", "kanji-1", "kanji-2")),
    "Many scripts": ("not", ()),
    "South and south-east Asia": ("not", ("latin", "greek", "cyrillic")),
    "Near East, Africa, Caucasus": ("not", ("latin", "greek", "cyrillic")),
    "Latin, Greek, Cyrillic": ("only", ("latin", "greek", "cyrillic", "armenian", "georgian", "coptic", "runic", "glagolitic"))}


@dataclasses.dataclass(frozen=True)
class Face:
    """One drawing of many characters in a font file."""

    package: str
    version: str
    file: str
    index: int  # within a collection
    family: str
    style: str
    design: str
    use: str  # "train", "unseen" or "none"
    section: str
    licence: str

    def usable_for(self, script):
        kind, scripts = SECTIONS[self.section]
        return (script in scripts) == (kind == "only")


def packages():
    """(section, package) of the package list."""
    section = None
    for line in PACKAGES.read_text().splitlines():
        if line.startswith("#"):
            section = line[2:]
        elif line:
            yield section, line


def licence(package):
    """The short names in the package's copyright file, without those of the packaging: one spelling for each licence."""
    text = pathlib.Path(f"/usr/share/doc/{package}/copyright").read_text(errors="replace")
    names, packaging = [], False
    for line in text.splitlines():
        if line.startswith("Files:"):
            packaging = "debian/" in line
        elif line.startswith("License:") and not packaging:
            names.append(line[8:].strip())
    names = names or [name for title, name in TITLES if re.search(title, text)][:1]
    for pattern, name in SPELLINGS:
        names = [re.sub(pattern, name, found) for found in names]
    return " / ".join(dict.fromkeys(name for name in names if name)) or "see copyright"


def holders(package):
    """Who holds the copyright, as the package's copyright file says it: without addresses, and without the packaging."""
    text = pathlib.Path(f"/usr/share/doc/{package}/copyright").read_text(errors="replace")
    lines = []
    for paragraph in re.split(r"\n\s*\n", text):
        files, named = (re.search(rf"^{field}:(.*?)(?=^\S|\Z)", paragraph, re.MULTILINE | re.DOTALL) for field in ("Files", "Copyright"))
        if files and named and "debian/" not in files.group(1):
            lines += named.group(1).splitlines()
    lines = lines or re.findall(r"Copyright \([Cc]\) .*", text)[:1]
    names = (re.sub(r"\s*<[^>]*>", "", line).strip(" .") for line in lines)
    return "; ".join(dict.fromkeys(name for name in names if name)) or "public domain"


def design_of(family):
    for pattern, design in DESIGNS:
        if re.search(pattern, family):
            return design
    return re.sub(r"\s+", " ", WEIGHTS.sub("", family)).strip() or family


def wanted(file, index, family, style):
    if SKIPPED.search(f"{family}") or re.search("italic|oblique", style, re.IGNORECASE) and "Smiley" not in family:
        return False
    name = pathlib.Path(file).name
    if "CJK" in name:
        return index in CJK_VARIANTS[name.split("-")[1].split(".")[0]]
    return not (name.startswith("Noto") and not NOTO_STYLES.search(name))


def find():
    """All wanted faces, in the order of the package list."""
    for section, package in packages():
        query = ["dpkg-query", "-W", "-f", "${Version}", package]
        version = subprocess.run(query, capture_output=True, text=True, check=True).stdout
        files = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=True).stdout.splitlines()
        for file in sorted(files):
            if not file.lower().endswith((".ttf", ".otf", ".ttc")) or os.path.islink(file):
                continue
            collection = file.lower().endswith(".ttc")
            fonts = ttLib.TTCollection(file, lazy=True).fonts if collection else [ttLib.TTFont(file, lazy=True)]
            for index, font in enumerate(fonts):
                family, style = (font["name"].getDebugName(number) or "" for number in (1, 2))
                if wanted(file, index, family, style):
                    design = design_of(family)
                    use = "none" if design in LEFT_OUT else "unseen" if design in UNSEEN or family in UNSEEN else "train"
                    yield Face(package, version, file, index, family, style, design, use, section, licence(package))


def read(path):
    with open(path, newline="") as file:
        return [Face(**{**row, "index": int(row["index"])}) for row in csv.DictReader(file)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=pathlib.Path)
    options = parser.parse_args()
    rows = [dataclasses.asdict(face) for face in find()]
    with options.csv.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    unseen = {row["design"] for row in rows if row["use"] == "unseen"}
    print(f"{len(rows)} faces of {len({row['design'] for row in rows})} designs; unseen: {', '.join(sorted(unseen))}")


if __name__ == "__main__":
    main()
