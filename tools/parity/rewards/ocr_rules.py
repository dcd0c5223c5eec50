"""Writes 200 cases of flow_grpo's OCR reward, apart from how the text is recognised.

    python tools/parity/rewards/ocr_rules.py > reward-service/src/test/resources/parity/ocr-rules.json

The rule is that of github.com/yifan123/flow_grpo, flow_grpo/ocr.py at ac4c86e8cae021841f1fde853d340e0db67690dd, stated
again with the library that it uses. A case without a reward is one where the reference raises; "raises" names what.
"""

import json
import random

from Levenshtein import distance

CASES = 200

SIGNS = ["EXIT", "Hello World", "New York", "GRPO-Guard", "50% OFF", "Café Noir", "it's open", "A", "WELCOME TO THE JUNGLE",
         "naïve", "STRASSE", "straße", "Привет мир", "ΟΔΟΣ", "Σίσυφος", "日本語の看板", "北京 欢迎 你", "안녕하세요", "مرحبا", "שלום",
         "नमस्ते", "ไทย", "İstanbul", "DŽ ǅ ǆ", "ﬁnish", "😀😁😂", "👩‍👩‍👧", "𝔊𝔯𝔞𝔭𝔥", "e\u0301te\u0301", "line\nbreak", "tab\there",
         "no\u00a0break", "１２３", "Ⅷ", "ẞ", "a\\b", "50 € & more", "'single'", "“curly”", "..."]
NOISE = "abcXYZ019 .,-|él日Ж😀"

# prompt, recognised
WRITTEN = [
    # Missing quotes: none at all raises; after a single one the reference takes the rest of the prompt.
    ("a sign that says EXIT", "EXIT"), ("", ""), ("", "text"), ("curly “EXIT” only", "EXIT"), ("'EXIT'", "EXIT"),
    ("an open \"EXIT", "EXIT"), ("an open \"EXIT", "EX"), ("\"EXIT", "exit"), ("a 5\" nail and more", "nail and more"),
    ("closed only EXIT\"", "EXIT"), ("\"", "x"), ("\"", ""), ("x\"   ", "x"), ("„EXIT\"", "exit"),
    # Empty targets divide by zero, whatever was read.
    ("\"\"", ""), ("\"\"", "x"), ("say \"\" and then \"TEXT\"", "TEXT"), ("\" \"", " "), ("\"    \"", "abc"), ("\"\" \"A\"", ""),
    # White space that is not a space stays.
    ("\"\t\"", "\t"), ("\"\n\"", ""), ("\"\u00a0\"", "\u00a0"), ("\"\u3000\"", "\u3000"), ("\"a\u2003b\"", "ab"), ("\"a b\"", "a\nb"),
    # Substrings: whatever surrounds an intact target is free.
    ("\"EXIT\"", "no EXIT here"), ("\"EXIT\"", "exitexit"), ("\"EXIT\"", "EX IT"), ("\"EXIT\"", "EXXITT"), ("\"EXIT\"", "TIXE"),
    ("\"NO EXIT\"", "xxnoexityy"), ("\"A\"", "banana"), ("\"a b c\"", "xABCx"), ("\"EXIT\"", "EXlT"), ("\"EXIT\"", ""),
    ("\"EXIT\"", "EXIT" * 50), ("\"EXIT\"", "z" * 500), ("\"EXIT\"", "e\u200bxit"), ("\"ab\"", "a" * 40 + "b" * 40),
    # Only the first quoted text counts.
    ("\"A\" beside \"B\"", "a"), ("\"A\" beside \"B\"", "b"), ("\"A\" beside an open \"", "a"), ("\"\"\"A\"\"\"", "a"),
    ("\"one\" \"two\" \"three\"", "onetwothree"), ("metadata \"STOP\"\"GO\"", "go"),
    # Case, where one character becomes two, or depends on its neighbours.
    ("\"İ\"", "i"), ("\"İ\"", "i\u0307"), ("\"I\"", "ı"), ("\"ΟΔΟΣ\"", "οδος"), ("\"ΟΔΟΣ\"", "οδοσ"), ("\"Σ\"", "ς"), ("\"ΑΣ ΑΣ\"", "ασας"),
    ("\"STRASSE\"", "straße"), ("\"ẞ\"", "ß"), ("\"ẞ\"", "SS"), ("\"Ǆ\"", "ǅ"), ("\"ﬁ\"", "fi"), ("\"Ａ\"", "ａ"), ("\"𐐀\"", "𐐨"), ("\"Ⓐ\"", "ⓐ"),
    # Code points count, not UTF-16 units and not what a reader sees as one letter.
    ("\"😀😁\"", "😁"), ("\"👩‍👩‍👧\"", "👩👩👧"), ("\"e\u0301\"", "é"), ("\"é\"", "e\u0301"), ("\"한\"", "\u1112\u1161\u11ab"),
    ("\"日本語\"", "日本"), ("\"日本語\"", "語本日"), ("\"مرحبا\"", "ابحرم"), ("\"שלום\"", "שלומ"), ("\"नमस्ते\"", "नमस्त"),
]


def outcome(prompt, recognised):
    try:
        target = prompt.split('"')[1]
        recognised = recognised.replace(" ", "").lower()
        target = target.replace(" ", "").lower()
        d = 0 if target in recognised else distance(recognised, target)
        d = min(d, len(target))
        return {"reward": 1 - d / len(target)}
    except (IndexError, ZeroDivisionError) as e:
        return {"raises": type(e).__name__}


def misread(random, text):
    letters = list(text)
    for _ in range(random.randint(0, max(2, len(letters)))):
        at = random.randint(0, len(letters))
        letters[at : at + random.randint(0, 1)] = random.choice(NOISE) if random.random() < 0.7 else ""
    read = "".join(letters)
    return random.choice([read, read.upper(), read.lower(), " ".join(read), random.choice(NOISE) + text + random.choice(NOISE)])


def cases():
    yield from WRITTEN
    rng = random.Random(5)
    for i in range(CASES - len(WRITTEN)):
        sign = SIGNS[i % len(SIGNS)]
        yield f'a shop front, above it "{sign}" in neon', misread(rng, sign)


def main():
    lines = [json.dumps({"prompt": p, "recognised": r, **outcome(p, r)}) for p, r in cases()]
    assert len(lines) == CASES
    print("[\n" + ",\n".join(lines) + "\n]")


if __name__ == "__main__":
    main()
