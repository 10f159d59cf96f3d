"""Which characters are candidates: code points by script, from Unicode's names and the national character sets."""

import unicodedata

RANGES = {
    "latin": ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x17F)),
    "greek": ((0x386, 0x3CE),),
    "cyrillic": ((0x400, 0x45F), (0x490, 0x493), (0x49A, 0x49B), (0x4A2, 0x4A3), (0x4AE, 0x4B1), (0x4D8, 0x4D9), (0x4E8, 0x4E9)),
    "armenian": ((0x531, 0x587),),
    "hebrew": ((0x5D0, 0x5EA),),
    "arabic": ((0x620, 0x64A), (0x660, 0x669), (0x679, 0x679), (0x67E, 0x67E), (0x686, 0x686), (0x688, 0x688), (0x691, 0x691),
               (0x698, 0x698), (0x6A9, 0x6A9), (0x6AF, 0x6AF), (0x6BA, 0x6BA), (0x6BE, 0x6BE), (0x6C1, 0x6C1), (0x6CC, 0x6CC), (0x6D2, 0x6D2)),
    "syriac": ((0x710, 0x72F),),
    "thaana": ((0x780, 0x7A5),),
    "nko": ((0x7C0, 0x7EA),),
    "devanagari": ((0x904, 0x939), (0x966, 0x96F)),
    "bengali": ((0x985, 0x9B9), (0x9E6, 0x9F1)),
    "gurmukhi": ((0xA05, 0xA39), (0xA59, 0xA74)),
    "gujarati": ((0xA85, 0xAB9), (0xAE6, 0xAEF)),
    "oriya": ((0xB05, 0xB39), (0xB66, 0xB6F)),
    "tamil": ((0xB83, 0xBB9), (0xBE6, 0xBEF)),
    "telugu": ((0xC05, 0xC39), (0xC66, 0xC6F)),
    "kannada": ((0xC85, 0xCB9), (0xCE6, 0xCEF)),
    "malayalam": ((0xD05, 0xD39), (0xD66, 0xD6F), (0xD7A, 0xD7F)),
    "sinhala": ((0xD85, 0xDC6),),
    "thai": ((0xE01, 0xE30), (0xE40, 0xE46), (0xE50, 0xE59)),
    "lao": ((0xE81, 0xEB0), (0xEC0, 0xEC4), (0xED0, 0xED9)),
    "tibetan": ((0xF20, 0xF29), (0xF40, 0xF6A)),
    "myanmar": ((0x1000, 0x102A), (0x1040, 0x1049)),
    "georgian": ((0x10A0, 0x10C5), (0x10D0, 0x10F0)),
    "ethiopic": ((0x1200, 0x137C),),
    "cherokee": ((0x13A0, 0x13F4),),
    "canadian": ((0x1401, 0x166C), (0x166F, 0x1676)),
    "runic": ((0x16A0, 0x16EA),),
    "khmer": ((0x1780, 0x17B3), (0x17E0, 0x17E9)),
    "mongolian": ((0x1820, 0x1877),),
    "balinese": ((0x1B05, 0x1B33), (0x1B50, 0x1B59)),
    "tifinagh": ((0x2D30, 0x2D67),),
    "hiragana": ((0x3041, 0x3096),),
    "katakana": ((0x30A1, 0x30FA),),
    "bopomofo": ((0x3105, 0x3129),),
    "yi": ((0xA000, 0xA48C),),
    "vai": ((0xA500, 0xA60B),),
    "coptic": ((0x2C80, 0x2CB1),),
    "glagolitic": ((0x2C00, 0x2C2E), (0x2C30, 0x2C5E)),
    "ol chiki": ((0x1C50, 0x1C77),),
    "meetei": ((0xABC0, 0xABE2),),
}


def double_byte(encoding, rows):
    """The characters of the given rows of a 94 x 94 set."""
    found = []
    for row in rows:
        for cell in range(1, 95):
            text = bytes([0xA0 + row, 0xA0 + cell]).decode(encoding, "ignore")
            found += [ord(text)] if text else []
    return found


def han():
    """{code point: set it belongs to}: kanji of JIS level 1 and 2, then what only simplified Chinese (GB 2312) has."""
    sets = {"kanji-1": double_byte("euc_jp", range(16, 48)), "kanji-2": double_byte("euc_jp", range(48, 85)),
            "hanzi": double_byte("gb2312", range(16, 88))}
    found = {}
    for name, points in sets.items():
        for point in points:
            if unicodedata.name(chr(point), "").startswith("CJK UNIFIED"):
                found.setdefault(point, name)
    return found


def candidates():
    """{code point: script}, in the order of scripts: first the kanji, then hangul, then the rest."""
    found = han()
    found |= {point: "hangul" for point in double_byte("euc_kr", range(16, 41))}
    for script, ranges in RANGES.items():
        for first, last in ranges:
            for point in range(first, last + 1):
                if unicodedata.category(chr(point)) in ("Lu", "Ll", "Lo", "Nd", "No"):
                    found[point] = script
    return found
