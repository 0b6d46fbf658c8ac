"""Other tools that repair text, each as one function from text to text, for the OCR benchmark.

Start reading at `PEERS`. Each is used as its own documentation shows it: whole texts where it takes them, otherwise
word by word, with words of one letter left out. A peer that is not installed raises MissingPeer, and the benchmark goes
on without it.
"""

from __future__ import annotations

import importlib
import importlib.resources
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

Repairer = Callable[[str], str]

# What a spell checker is asked about: letters with inner apostrophes. Digits and marks stay where they are.
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

# Words that a spell checker is asked about twice are remembered, as any user of one would do.
Lookup = Callable[[str], str]


class MissingPeer(Exception):
    """A peer is not installed. The message says what to install."""


def _module(name: str, package: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingPeer(f"{package} is not installed: pip install {package}") from None


def word_by_word(lookup: Lookup) -> Repairer:
    """Each word replaced by what `lookup` makes of it, in the letter case of the word."""
    remembered = cache(lookup)

    def replace(match: re.Match[str]) -> str:
        word = match.group()
        found = remembered(word.lower()) if len(word) > 1 else word.lower()
        return word if found == word.lower() else cased(found, word)

    return lambda text: WORD.sub(replace, text)


def cased(word: str, model: str) -> str:
    """`word` with the letter case of `model`: all capitals, a first capital, or as it is."""
    if model.isupper() and len(model) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if model[:1].isupper() else word


def nothing() -> Repairer:
    return lambda text: text


def ftfy() -> Repairer:
    return _module("ftfy", "ftfy").fix_text  # type: ignore[no-any-return]


def _symspell() -> Any:
    symspellpy = _module("symspellpy", "symspellpy")
    checker = symspellpy.SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
    files = importlib.resources.files("symspellpy")
    checker.load_dictionary(str(files / "frequency_dictionary_en_82_765.txt"), term_index=0, count_index=1)
    checker.load_bigram_dictionary(
        str(files / "frequency_bigramdictionary_en_243_342.txt"), term_index=0, count_index=2
    )
    return checker


def symspell() -> Repairer:
    checker = _symspell()
    top = _module("symspellpy", "symspellpy").Verbosity.TOP
    return word_by_word(lambda word: checker.lookup(word, top, 2, include_unknown=True)[0].term)


def symspell_compound() -> Repairer:
    checker = _symspell()
    return lambda text: checker.lookup_compound(text, max_edit_distance=2, transfer_casing=True)[0].term  # type: ignore[no-any-return]


def pyspellchecker() -> Repairer:
    checker = _module("spellchecker", "pyspellchecker").SpellChecker()
    return word_by_word(lambda word: checker.correction(word) or word)


def autocorrect() -> Repairer:
    return _module("autocorrect", "autocorrect").Speller(lang="en")  # type: ignore[no-any-return]


def textblob() -> Repairer:
    blob = _module("textblob", "textblob").TextBlob
    return lambda text: str(blob(text).correct())


def wordninja() -> Repairer:
    """It splits words; only those that it makes two or more of are changed."""
    split = _module("wordninja", "wordninja").split
    return word_by_word(lambda word: " ".join(split(word)) if "'" not in word and "’" not in word else word)


def codespell() -> Repairer:
    """The list of common misspellings of the tool of that name; entries with one correction and no remark."""
    _module("codespell_lib", "codespell")
    lines = (importlib.resources.files("codespell_lib") / "data" / "dictionary.txt").read_text(encoding="utf-8")
    pairs = (line.split("->") for line in lines.splitlines() if "->" in line)
    table = {wrong: right for wrong, right in pairs if "," not in right}
    return word_by_word(lambda word: table.get(word, word))


# Letters that scanners take for each other, each way, in the sort of list that volunteers of text archives keep.
SCANNED = (
    ("h", "b"), ("h", "li"), ("e", "c"), ("n", "u"), ("u", "n"), ("m", "rn"), ("m", "in"), ("in", "m"), ("d", "cl"),
    ("w", "vv"), ("rn", "m"), ("f", "t"), ("c", "e"), ("b", "h"), ("a", "u"), ("s", "f"), ("l", "1"), ("i", "l"),
)  # fmt: skip
# As many of the most frequent words as such lists cover.
SCANNED_WORDS = 1000


@cache
def scannos() -> dict[str, str]:
    """Misreadings of frequent words, by one confusion, that are no words themselves: a static list."""
    symspellpy = importlib.resources.files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    words = [line.split()[0] for line in symspellpy.read_text(encoding="utf-8-sig").splitlines()]
    known = set(words)
    found: dict[str, str] = {}
    for word in words[:SCANNED_WORDS]:
        for wrong in _misread(word):
            if len(word) > 2 and wrong not in known and wrong.isalpha():
                found.setdefault(wrong, word)
    return found


def _misread(word: str) -> Iterator[str]:
    for right, wrong in SCANNED:
        at = word.find(right)
        while at >= 0:
            yield word[:at] + wrong + word[at + len(right) :]
            at = word.find(right, at + 1)


def scanno_list() -> Repairer:
    table = scannos()
    return word_by_word(lambda word: table.get(word, word))


def _ispell(*command: str) -> Repairer:
    """A program that speaks ispell's protocol (`-a`): the first suggestion for a word that it does not know."""
    if not shutil.which(command[0]):
        raise MissingPeer(f"{command[0]} is not installed: apt-get install {command[0]}")
    program = subprocess.Popen(
        [*command, "-a"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        encoding="utf-8", errors="replace",
    )  # fmt: skip
    asked, answers = program.stdin, program.stdout
    assert asked
    assert answers
    answers.readline()  # the banner

    def lookup(word: str) -> str:
        asked.write(f"^{word}\n")  # ^: not a command, whatever it begins with
        asked.flush()
        best = word
        while (answer := answers.readline().rstrip("\n")) != "":
            if answer.startswith("&") and best == word:
                best = answer.partition(": ")[2].split(", ")[0]
        return best

    return word_by_word(lookup)


def hunspell() -> Repairer:
    return _ispell("hunspell", "-d", "en_US", "-i", "utf-8")


def aspell() -> Repairer:
    return _ispell("aspell", "--lang=en_US", "--encoding=utf-8")


# In the order in which they are shown. `slow` ones take minutes for what others do in seconds: they get fewer texts.
PEERS: dict[str, Callable[[], Repairer]] = {
    "nothing": nothing,
    "ftfy": ftfy,
    "symspell": symspell,
    "symspell compound": symspell_compound,
    "pyspellchecker": pyspellchecker,
    "autocorrect": autocorrect,
    "textblob": textblob,
    "hunspell": hunspell,
    "aspell": aspell,
    "wordninja": wordninja,
    "scanno list": scanno_list,
    "codespell": codespell,
}
SLOW = frozenset({"pyspellchecker", "autocorrect", "textblob", "hunspell", "aspell"})
