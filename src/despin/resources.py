"""Everything that the detectors, the decision and the score need, loaded on first use and never changed.

Start reading at `Resources`; `load` gives the shipped ones, one object a language and process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from despin import compiled
from despin.channel import Channel, Confusions, read_confusions
from despin.context import NgramContext
from despin.dense import DenseBigrams
from despin.features import FEATURES, NEURAL_FEATURES, SpunLexicon
from despin.lexicon import Lexicon
from despin.maps import MapIndex, RowLines, read_map
from despin.measured import (
    Calibration,
    Densities,
    NeuralWeights,
    Quantiles,
    ScoreWeights,
    Steps,
    load_calibration,
    load_densities,
    load_neural_weights,
    load_pairs,
    load_quantiles,
    load_score_weights,
    load_steps,
    load_weights,
)
from despin.own import ConfusionTables, Maps, Own, Words
from despin.settings import VERSION, SettingsError
from despin.tables import data_folder
from despin.terms import TermPairs
from despin.thesaurus import Thesaurus
from despin.titles import Titles
from despin.words import Forms, languages

# Languages with wording tables. Citations alone can be repaired in those of the numeral grammar, damaged characters and
# parted words in any whose words are known.
LANGUAGES = ("en",)
# Packages whose own tables results depend on: which words are known, and how broken encodings are mended.
TOOLS = ("wordfreq", "ftfy")
NUMERAL_LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")

NOTHING = Own()


class Resources:
    """Read-only tables of one language. Each is read when it is first asked for, once.

    Raises SettingsError for a language whose words are not known, TableError for a missing or malformed table.
    """

    def __init__(self, lang: str = "en", folder: Path | None = None, own: Own = NOTHING) -> None:
        if lang not in NUMERAL_LANGUAGES and lang not in languages():
            raise SettingsError(f"language {lang!r} is not known; use one of {', '.join(sorted(languages()))}")
        self.lang = lang
        self.folder = folder or data_folder()
        self.own = own

    def __reduce__(self) -> tuple[object, ...]:
        # another process reads the tables itself; what is the user's own goes with it
        return Resources, (self.lang, self.folder, self.own)

    @cached_property
    def forms(self) -> Forms:
        """How words inflect."""
        return Forms.load(self.folder / "lexicon")

    @cached_property
    def context(self) -> NgramContext:
        """The context model."""
        return NgramContext.load(self.folder / "context")

    @cached_property
    def dense(self) -> DenseBigrams:
        """Word pairs as a large model sees them."""
        return DenseBigrams.load(self.folder / "context")

    @cached_property
    def terms(self) -> TermPairs:
        """Fixed terms."""
        parts = compiled.read(*self.compiled("terms"))
        if parts is not None:
            return TermPairs.ready(parts)
        return TermPairs.load(self.folder / "lexicon", self.forms, self.context.vocabulary)

    @cached_property
    def maps(self) -> MapIndex:
        """All synonym maps."""
        paths = self.map_paths
        if self.own.rows:
            rows = self.own.over_rows(row for path in paths for row in read_map(path))
            return MapIndex(rows, self.forms, self.context)
        parts = compiled.read(*self.compiled("maps"))
        if parts is not None:
            return MapIndex.ready(parts, RowLines(paths))
        return MapIndex((row for path in paths for row in read_map(path)), self.forms, self.context)

    @property
    def map_paths(self) -> list[Path]:
        """The files of the synonym maps, in their order."""
        return sorted((self.folder / "synonym_maps").glob("*.tsv"))

    def compiled(self, name: str) -> tuple[Path, list[Path]]:
        """Where a compiled table ("maps" or "terms") is, and all files that its content depends on."""
        lexicon, context = self.folder / "lexicon", self.folder / "context"
        sources = [lexicon / "words.txt", lexicon / "forms.tsv"]
        if name == "maps":
            # the large table of n-grams is named by its description and by the unigrams that were made with it
            sources += [context / "ngrams.json", context / "ngrams.unigrams.npy", *self.map_paths]
        else:
            sources.append(lexicon / "terms.tsv")
        return self.folder / "compiled" / f"{name}.npz", sources

    @cached_property
    def thesaurus(self) -> Thesaurus:
        """What words may stand for by the thesauri."""
        return Thesaurus.load(self.folder / "lexicon", self.forms)

    @cached_property
    def anchors(self) -> MapIndex:
        """Link text that page generators inject."""
        return MapIndex(read_map(self.folder / "debris" / "anchors.tsv"), self.forms, self.context)

    @cached_property
    def titles(self) -> Titles:
        """How link farms title their pages."""
        return Titles.load(self.folder / "debris")

    @cached_property
    def spin_weights(self) -> Mapping[str, float]:
        """What each signal of a replaced wording weighs."""
        return load_weights(self.folder / "spin_weights.tsv")

    @cached_property
    def suggest_weights(self) -> Mapping[str, float]:
        """What each signal of a suggested wording weighs."""
        return load_weights(self.folder / "suggest_weights.tsv")

    @cached_property
    def rerank_weights(self) -> Mapping[str, float]:
        """What a neural model's opinion weighs beside the n-grams'."""
        return load_weights(self.folder / "rerank_weights.tsv")

    @cached_property
    def lexicon(self) -> Lexicon:
        """What is a word, and how surely."""
        return Lexicon.load(self.folder / "ocr", self.context.vocabulary.words, self.own.words)

    @cached_property
    def channel(self) -> Channel:
        """How engines misread words."""
        words = self.lexicon.likely
        numbers = self.context.encode(word for word, _ in words)
        nats = self.context.alone(numbers)
        tables = sorted((self.folder / "ocr").glob("confusions_*.tsv"))
        eras = [Confusions(self.own.over_confusions(read_confusions(path))) for path in tables]
        return Channel([word for word, _ in words], [capital for _, capital in words], nats.tolist(), eras)

    @cached_property
    def ocr_weights(self) -> Mapping[str, float]:
        """What each signal of a misread word weighs."""
        return load_weights(self.folder / "ocr" / "weights.tsv")

    @cached_property
    def densities(self) -> Mapping[str, tuple[Densities, ...]]:
        """How often findings of each strength turn up in human and in damaged text."""
        tables = (load_densities(self.folder / name) for name in ("rates.tsv", "ocr/rates.tsv"))
        return MappingProxyType({kind: rows for table in tables for kind, rows in table.items()})

    @cached_property
    def model_densities(self) -> Mapping[str, tuple[Densities, ...]]:
        """The same after a neural model has judged the findings of spin."""
        return MappingProxyType({**self.densities, **load_densities(self.folder / "rerank_rates.tsv")})

    @cached_property
    def spun_lexicon(self) -> SpunLexicon:
        """What spinners do to single words."""
        return SpunLexicon.load(self.folder / "lexicon")

    @cached_property
    def word_doubts(self) -> Mapping[str, Mapping[str, Steps]]:
        """What each signal of a word says on whether a rewriter put it in, by rewriter."""
        return load_steps(self.folder / "score_words.tsv")

    @cached_property
    def pair_nats(self) -> npt.NDArray[np.float64]:
        """What each pair of classes of words says on whether a text was translated and back."""
        return load_pairs(self.folder / "score_pairs.tsv", self.context.vocabulary.class_names)

    @cached_property
    def score_weights(self) -> ScoreWeights:
        """What each feature of a text says on whether, and how, it was rewritten."""
        return load_score_weights(self.folder / "score_weights.tsv", FEATURES)

    @cached_property
    def neural_weights(self) -> NeuralWeights:
        """What a neural model adds to the score."""
        return load_neural_weights(self.folder / "score_neural.tsv", NEURAL_FEATURES)

    @cached_property
    def score_bands(self) -> tuple[Calibration, ...]:
        """What a weighed sum of features means, by length."""
        return load_calibration(self.folder / "score_bands.tsv")

    @cached_property
    def quantiles(self) -> tuple[Quantiles, ...]:
        """How much evidence for rewriting human texts reach."""
        return load_quantiles(self.folder / "score.tsv")

    @cached_property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that name the tables' content: a hash over the manifest of their hashes. What is
        the user's own adds "+" and eight more."""
        shipped = hashlib.sha256((self.folder / "MANIFEST.json").read_bytes()).hexdigest()[:12]
        return f"{shipped}+{self.own.fingerprint}" if self.own else shipped

    @cached_property
    def signature(self) -> str:
        """What results are made with, before any setting: the version of despin, the tables, the tools' versions."""
        tools = "".join(f" {name}:{version(name)}" for name in TOOLS)
        return f"despin {VERSION} data:{self.fingerprint}{tools}"


@cache
def load(lang: str = "en") -> Resources:
    """The shipped tables of a language, one object a process. Raises SettingsError where its words are not known."""
    return Resources(lang)


def load_resources(
    lang: str = "en", *, maps: Maps = (), words: Words = (), confusions: ConfusionTables = ()
) -> Resources:
    """The shipped tables with a user's own knowledge before them: what `resources=` of the other functions takes.

    maps: paths of synonym maps (TSV as in data/synonym_maps), `Row` values, or what `despin.learn_map` gives. A row
    goes before the shipped ones with the same two wordings; one with weight 0 strikes them out. words: the words, or
    the path of a file with one a line; they are no misreadings, and misread ones may become them. confusions: paths of
    tables as data/ocr/confusions_*.tsv, or (true letters, seen letters, count, of); they go before those of the same
    letters. Own files are read at once, and own rows make the first use of the maps take about two seconds longer.

    Raises TableError naming file and line, or SettingsError, for what cannot be used.

    >>> tables = load_resources(words=["xserver"], confusions=[("f", "j", 3, 1000)])
    >>> tables.lexicon.tier("xserver").name
    'WORD'
    """
    own = Own.of(maps, words, confusions)
    return Resources(lang, own=own) if own else load(lang)
