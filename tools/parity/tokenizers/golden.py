"""Writes CLIP tokenizers in the layouts in which they are published, and the ids that transformers gives 1,000 prompts.

    python tools/parity/tokenizers/golden.py                   # the committed ones, with a small trained vocabulary
    python tools/parity/tokenizers/golden.py --vocabulary bpe_simple_vocab_16e6.txt.gz --target FOLDER   # with OpenAI's

The merges are trained on the prompts themselves, so that every script has long tokens and most merges are used.
"""

import argparse
import gzip
import json
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from tokenizers import Regex
from transformers import CLIPTokenizer

PARITY = Path(__file__).resolve().parents[3] / "models/src/test/resources/parity"
START, END = "<|startoftext|>", "<|endoftext|>"
SMALL = 3000
AS_TOKENIZER_JSON = ("clip", "clip-exclamation")
WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def byte_alphabet():
    """The 256 printable stand-ins of byte-level BPE, in the order of OpenAI's vocabulary."""
    kept = list(range(ord("!"), ord("~") + 1)) + list(range(0xA1, 0xAD)) + list(range(0xAE, 0x100))
    others = [b for b in range(256) if b not in kept]
    return [chr(b) for b in kept] + [chr(256 + i) for i in range(len(others))]


def trained_merges(prompts):
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.train_from_iterator(prompts, trainers.BpeTrainer(
        vocab_size=SMALL, end_of_word_suffix="</w>", initial_alphabet=byte_alphabet(), show_progress=False))
    return [" ".join(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]


def published_merges(path):
    """OpenAI's file: a header, 48,894 merges that became tokens, and many that did not."""
    return gzip.open(path, "rt", encoding="utf-8").read().split("\n")[1 : 49152 - 256 - 2 + 1]


def added(content, normalized):
    return {"content": content, "lstrip": False, "normalized": normalized, "rstrip": False, "single_word": False, "special": True}


def layouts(end):
    """The configurations of the tokenizers of SD3, SD3.5 and FLUX: they differ in the padding and in how a token is described."""
    named = {"bos_token": START, "eos_token": END, "unk_token": END}
    start_id, end_id = str(end - 1), str(end)
    return {
        "clip": {**named, "pad_token": END, "added_tokens_decoder": {start_id: added(START, True), end_id: added(END, True)}},
        "clip-exclamation": {**named, "pad_token": "!", "added_tokens_decoder": {
            "0": added("!", False), start_id: added(START, True), end_id: added(END, False)}},
        "clip-legacy": {**{key: {"__type": "AddedToken", **added(token, True)} for key, token in named.items()}, "pad_token": END},
        "clip-bare": {},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocabulary", type=Path)
    parser.add_argument("--target", type=Path, default=PARITY / "tokenizers")
    options = parser.parse_args()

    prompts = json.loads((PARITY / "prompts-1000.json").read_text())["prompts"]
    merges = published_merges(options.vocabulary) if options.vocabulary else trained_merges(prompts)
    alphabet = byte_alphabet()
    tokens = alphabet + [c + "</w>" for c in alphabet] + ["".join(merge.split()) for merge in merges] + [START, END]
    vocab = {token: index for index, token in enumerate(dict.fromkeys(tokens))}

    def write(name, tokenizer):
        lines = "".join(" ".join(map(str, ids)) + "\n" for ids in tokenizer(prompts, verbose=False).input_ids)
        # Without a time stamp, so that the same ids are the same file.
        (options.target / name / "ids.txt.gz").write_bytes(gzip.compress(lines.encode(), 9, mtime=0))

    for name, config in layouts(vocab[END]).items():
        folder = options.target / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False))
        (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
        (folder / "tokenizer_config.json").write_text(json.dumps({
            "add_prefix_space": False, "do_lower_case": True, "errors": "replace", "model_max_length": 77,
            "tokenizer_class": "CLIPTokenizer", **config}))
        tokenizer = CLIPTokenizer.from_pretrained(folder)
        write(name, tokenizer)
        if name not in AS_TOKENIZER_JSON:
            continue
        whole = f"{name}-json"
        tokenizer.save_pretrained(options.target / whole)
        write(whole, CLIPTokenizer.from_pretrained(options.target / whole))


if __name__ == "__main__":
    main()
