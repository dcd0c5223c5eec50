"""Writes the 1,000 prompts on which the token ids of every tokenizer are compared: prompts-1000.json.

    python tools/parity/tokenizers/prompts.py

What people ask of an image model, in many scripts, and what they did not mean to type. Seeded: the same file every time.
"""

import json
import random
import sys
import unicodedata
from pathlib import Path

TARGET = Path(__file__).resolve().parents[3] / "models/src/test/resources/parity/prompts-1000.json"
COUNT = 1000

SUBJECTS = """an astronaut|a red fox|two old fishermen|a lighthouse|the Eiffel Tower|a bowl of ramen|a steam locomotive
a Victorian greenhouse|three origami cranes|a cyberpunk alley|a sleeping dragon|Ada Lovelace|a 1967 Shelby GT500
a glass teapot|an isometric bedroom|a koala DJ|a wizard's study|the year 2049's skyline|a polar bear|a vending machine"""
ACTIONS = """riding a horse|reading under a lamp|floating in zero gravity|made of stained glass|in the rain|covered in moss
holding a sign that says "CARE"|holding a sign that reads 'we're OPEN 24/7'|with text: "$9.99 (-50%)"|next to a blue cube
on top of a yellow sphere|seen through a keyhole|exploding into paint|knitted from wool|wearing a tiny hat"""
STYLES = """oil on canvas|35mm film, f/1.8, ISO 400|trending on artstation|ukiyo-e|8k uhd, octane render|--ar 16:9 --v 6
in the style of Moebius|watercolour (loose)|pixel art; 16-bit|(masterpiece:1.3), [blurry:0.5]|low-poly 3D|chiaroscuro
golden hour, volumetric light|vaporwave / synthwave|children's book illustration|blueprint, A1, 1:50|#ff00aa & #00ffcc"""
# Pangrams and plain sentences, one script each.
SCRIPTS = """一只戴着宇航员头盔的猫|霓虹灯下的上海，夜景，超高清|「開店」と書かれた看板|桜の下の侍、浮世絵風|ラーメン屋の前の柴犬 🐕|눈 덮인 한옥 마을의 아침
고양이가 피아노를 친다|Кот в космосе, масло|Съешь же ещё этих мягких французских булок|قط يرتدي نظارة شمسية|مدينة قديمة عند الغروب
חתול על גג בתל אביב|एक बिल्ली चाँद पर|हिमालय के ऊपर सूर्योदय|แมวสวมหมวกในตลาดน้ำ|மலை மேல் ஒரு புலி|Γάτα με καπέλο, ΟΔΥΣΣΕΎΣ|კატა მთვარეზე
Կատուն լուսնի վրա|ድመት በጨረቃ ላይ|બિલાડી|বিড়াল চাঁদে|ဆရာ့ကြောင်|ខ្មែរ ឆ្មា|ᐱᖅᓯᖅ|ᚠᚢᚦᚨᚱᚲ|Cà phê sữa đá ở Hà Nội|Příliš žluťoučký kůň|Zażółć gęślą jaźń
İstanbul'da bir KEDİ, ıspanak|Fußgängerübergänge in der STRASSE|ÆØÅ æøå fjord|Þórr á Íslandi|L'été à la plage, œuvre d'art|¿Dónde está el gato?|ﷺ ﷽"""
EMOJI = """😀|🚀|🧑‍🚀|👩‍👩‍👧‍👦|🏳️‍🌈|🇯🇵🇩🇪|👍🏽|❤️|☃|1️⃣2️⃣|🫠|🐈‍⬛|✨✨✨|🎨🖌️|🀄|♟️|🧑🏿‍🤝‍🧑🏻|⌚|™️|©"""
# What a normaliser, a lower-caser, a word splitter or a byte fallback could take in two ways.
ODD = [
    "", " ", "   \t\n ", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2028\u2029", "\u0085", "\r\n", "\u0000", "\u0007bell\u0007",
    "\u001b[31mred\u001b[0m", "\x7f", "a\u0000b", "tab\tseparated\tvalues", "line one\nline two\r\nline three", "soft\u00adhyphen",
    "cafe\u0301", "caf\u00e9", "A\u030a ångström \u212b", "ﬁ ﬂ ﬀ ﬃ ligatures", "ｆｕｌｌ　ｗｉｄｔｈ　ＴＥＸＴ", "ﾊﾝｶｸ ｶﾀｶﾅ", "² ³ ¹ ½ ¾ ⅓", "Ⅷ ⅷ ↈ",
    "𝓶𝓪𝓽𝓱 𝔸𝔹ℂ 𝟙𝟚𝟛", "𐐀𐐁 Deseret", "İ I ı i", "ẞ ß SS", "ΣΊΣΥΦΟΣ ς σ", "ǅ Ǆ ǆ", "ŉ ʼn", "\u1e9e", "K (Kelvin)", "Ω Ω",
    "it's don't we're I've I'm they'll she'd", "IT'S DON'T WE'RE", "it’s don’t “quoted” ‘single’", "'s 't 're 've 'm 'll 'd", "''''", "o'clock o'clock's",
    "under_score and-hyphen a/b\\c", "!!! ??? --- ... ,,,", "a.b.c e.g. i.e. U.S.A.", "100,000.50 3.14159 1e-7 0x1F", "room 1234, floor 5.5!",
    "http://example.com/a?b=c&d=e#f", "user@example.com", "C:\\path\\to\\file", "<b>bold</b>", "&amp; &lt;tag&gt; &#39;", "sÃ©ance mojibake â€œquotesâ€\u009d",
    "a<|endoftext|>b", "<|startoftext|> twice <|endoftext|>", "<|ENDOFTEXT|>", "< |endoftext|>", "</s> and <pad> and <unk>", "<extra_id_0> in the middle <extra_id_99>",
    "!", "! !", "a!b!c", "!!", "</w>", "a</w>b", "▁ ▁▁ under ▁low", "\u2581lower one eighth block", "zero\u200bwidth\u200cjoin\u200der",
    "rtl \u202eoverride\u202c end", "\u0301\u0301\u0301", "a" + "\u0301" * 30, "e\u0323\u0302 \u1ec7", "\u1112\u1161\u11ab 한", "\ud7a3\uac00", "\ue000\uf8ff private",
    "\ufffd\ufffd", "\ufffe\uffff", "\U0010ffff", "\U000e0067\U000e0062", "\u0378 unassigned", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "👁️‍🗨️",
    "x" * 200, "ab" * 300, "9" * 150, "word " * 40, "  leading and trailing  ", "many     spaces", "MiXeD cAsE", "ALL CAPS SHOUTING", "ñ ñ", "…—–‐‑−",
    "€£¥₹₿ 5€ $5", "x²+y²=z² ∑∫√∞≠≈", "→⇒⟶ ←", "♠♥♦♣", "①②③ ㊙ ㍿", "㎏㎡ ㌔", "東京タワーTOKYOタワー123", "中文English混排123测试", "日本語。ＡＢＣ、１２３", "Привет world 你好 مرحبا",
    "가나다abc가나다", "a\u0338 ≠", "\u0e40\u0e01\u0e47\u0e1a", "क्षत्रिय", "ക്ഷ", "ླྀ", "ꙮ", "🫱🏻‍🫲🏿", "\u00b5m µm μm", "naïve café, Straße", "rocket 🚀🧑‍🚀 family",
]


def choices(text):
    return [line.strip() for line in text.replace("\n", "|").split("|")]


def sentence(random):
    return f"{random.choice(choices(SUBJECTS))} {random.choice(choices(ACTIONS))}, {random.choice(choices(STYLES))}"


def long_prompt(random, words):
    parts = []
    while sum(len(part.split()) for part in parts) < words:
        parts.append(random.choice([sentence(random), random.choice(choices(SCRIPTS)), random.choice(choices(EMOJI))]))
    return ". ".join(parts)


def mixed(random):
    pieces = [random.choice(choices(random.choice([SUBJECTS, STYLES, SCRIPTS, EMOJI]))) for _ in range(random.randint(2, 6))]
    return random.choice(["", " ", ", ", "\n", "\u3000"]).join(pieces)


def noise(random):
    """Assigned or not, of any plane; only surrogates are left out, which are no text."""
    def character():
        ceiling = random.choice([0x80, 0x250, 0x3000, 0xD800, 0x1F700, 0x20000, 0x110000])
        while True:
            point = random.randrange(ceiling)
            if not 0xD800 <= point < 0xE000:
                return chr(point)

    return "".join(character() if random.random() < 0.7 else " " for _ in range(random.randint(1, 40)))


def recased(random):
    text = random.choice([sentence(random), random.choice(choices(SCRIPTS))])
    change = random.choice([str.upper, str.title, str.swapcase] + [
        lambda t, form=form: unicodedata.normalize(form, t) for form in ("NFD", "NFKC", "NFKD")])
    return change(text)


def prompts():
    """All different, in the order of kinds, so that a failure's index says its kind."""
    seeded = random.Random(1000)
    result = dict.fromkeys(ODD + choices(SCRIPTS) + choices(EMOJI))
    for make, count in ((sentence, 300), (mixed, 250), (recased, 120), (noise, 120), (lambda r: long_prompt(r, 400), 30)):
        until = len(result) + count
        while len(result) < until:
            result[make(seeded)] = None
    while len(result) < COUNT:
        result[long_prompt(seeded, seeded.randint(20, 90))] = None
    return list(result)[:COUNT]


def main():
    # Names, cases and normal forms of characters come from Python's Unicode tables, which grow.
    made = prompts()
    assert sum(len(p.split()) >= 400 for p in made) >= 30
    TARGET.write_text(json.dumps({"prompts": made}, ensure_ascii=True, indent=0) + "\n")
    print(f"{TARGET}: {len(made)} prompts, Unicode {unicodedata.unidata_version}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
