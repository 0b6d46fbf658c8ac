"""Build `data/lexicon/forms.tsv`: how the words of the vocabulary inflect, from LemmInflect's dictionary.

One row a lemma and word class: lemma, class (v, n or a), then the forms as ``TAG=form`` in Penn Treebank tags. Only
what LemmInflect's dictionary holds (no guessing rules), and only forms that the vocabulary knows, so that a
misspelling never becomes a form. Start reading at `rows`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import lemminflect

DATA = Path(__file__).parents[1] / "data" / "lexicon"
TARGET = DATA / "forms.tsv"

# LemmInflect's word classes and ours; adverbs inflect like adjectives (faster, fastest).
CLASSES = {"VERB": "v", "NOUN": "n", "ADJ": "a", "ADV": "a"}

# Tags that differ from the lemma; VB, VBP, NN, JJ and RB are the lemma itself.
TAGS = {"VERB": ("VBZ", "VBD", "VBN", "VBG"), "NOUN": ("NNS",), "ADJ": ("JJR", "JJS"), "ADV": ("RBR", "RBS")}
PLAIN = {"RBR": "JJR", "RBS": "JJS"}


def rows(vocabulary: list[str]) -> Iterator[tuple[str, str, str]]:
    """(lemma, class, forms) for each lemma that the dictionary knows."""
    rank = {word: i for i, word in enumerate(vocabulary)}
    for word in vocabulary:
        for upos, ours in CLASSES.items():
            if word not in lemminflect.getAllLemmas(word, upos=upos).get(upos, ()):
                continue
            found = lemminflect.getAllInflections(word, upos=upos)
            # the dictionary leaves the participle out where it is the past form: demanded
            found.setdefault("VBN", found.get("VBD", ()))
            forms = []
            for tag in TAGS[upos]:
                # of several spellings the commonest serves: learned before learnt
                # (a plural like the singular only where there is no other: sheep)
                known = sorted((form == word, rank[form], form) for form in found.get(tag, ()) if form in rank)
                if known:
                    forms.append(f"{PLAIN.get(tag, tag)}={known[0][2]}")
            yield word, ours, " ".join(forms)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed file instead of writing it")
    arguments = parser.parse_args()
    vocabulary = (DATA / "words.txt").read_text(encoding="utf-8").split()
    merged: dict[tuple[str, str], str] = {}
    for lemma, ours, forms in rows(vocabulary):
        # an adjective's and an adverb's row for one lemma say the same; the fuller one serves
        merged[lemma, ours] = max(merged.get((lemma, ours), ""), forms, key=len)
    built = "lemma\tclass\tforms\n" + "".join(
        f"{lemma}\t{ours}\t{forms}\n" for (lemma, ours), forms in sorted(merged.items())
    )
    if arguments.check:
        same = TARGET.read_text(encoding="utf-8") == built
        print("forms.tsv is as built" if same else "forms.tsv differs from what the installed lemminflect gives")
        return 0 if same else 1
    TARGET.write_text(built, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
