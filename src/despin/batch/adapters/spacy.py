"""spaCy: a component that scores, and documents of repaired texts that know where they came from.

nlp.add_pipe("despin")                     # doc._.despin_score, doc._.despin_verdict
doc = repaired_doc(despin.repair(text), nlp)
"""

from __future__ import annotations

from collections.abc import Callable

from spacy.language import Language
from spacy.tokens import Doc, Span

from despin import pipeline
from despin.edits import OffsetMap
from despin.results import Repair, Score

# The spans of a repaired document that were changed, in `doc.spans`; their labels are the rules.
SPANS = "despin"
_OFFSETS = "despin_offsets"


def _original(span: Span) -> tuple[int, int]:
    """Where a span of a repaired document stands in the original text: start and end, in characters."""
    offsets = span.doc.user_data.get(_OFFSETS)
    if not isinstance(offsets, OffsetMap):
        raise ValueError("this document was not made by repaired_doc, so it has no original text.")
    return offsets.to_source(span.start_char, "left"), offsets.to_source(span.end_char, "right")


for _name in ("despin_score", "despin_verdict"):
    Doc.set_extension(_name, default=None, force=True)
Span.set_extension("despin_original", getter=_original, force=True)


@Language.factory("despin", default_config={"context": "default", "fpr": 0.01, "prior": 0.5}, retokenizes=False)
def make_scorer(nlp: Language, name: str, context: str, fpr: float, prior: float) -> Scorer:
    """The component `despin`; its settings are those of `despin.score`."""
    return Scorer(context, fpr, prior)


class Scorer:
    """Sets `doc._.despin_score`, the probability that the text was rewritten, and `doc._.despin_verdict`."""

    def __init__(self, context: str = "default", fpr: float = 0.01, prior: float = 0.5) -> None:
        self.settings = (context, fpr, prior)
        self.score: Callable[[str], Score] | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Score a document."""
        score = self.score(doc.text) if self.score else pipeline.score(doc.text, *self.settings)
        doc._.despin_score, doc._.despin_verdict = score.probability, score.verdict
        return doc


def repaired_doc(repair: Repair, nlp: Language, original: Doc | None = None) -> Doc:
    """A document of the repaired text, tokenized by `nlp`, with offsets into the text as it was.

    `doc.spans["despin"]` are the tokens that an edit reaches, labelled by its rule; any span's `_.despin_original` is
    its place in the original text. original: a document of that text, whose entities are carried over, but for those
    that an edit cut into so that they no longer fit the tokens. Raises ValueError where it is of another text.
    """
    doc = nlp.make_doc(repair.text)
    offsets = repair.offset_map()
    doc.user_data[_OFFSETS] = offsets
    doc.spans[SPANS] = []
    for edit in repair.edits:
        start, end = offsets.to_result(edit.start, "left"), offsets.to_result(edit.end, "right")
        span = doc.char_span(start, end, edit.rule, alignment_mode="expand") if edit.after else None
        if span is not None:
            doc.spans[SPANS].append(span)
    if original is not None:
        if original.text != repair.original:
            raise ValueError("the document is not of the text that was repaired.")
        carried = (_carried(entity, doc, offsets) for entity in original.ents)
        doc.set_ents([entity for entity in carried if entity is not None])
    return doc


def _carried(entity: Span, doc: Doc, offsets: OffsetMap) -> Span | None:
    """The entity in the repaired document, or None where it does not begin and end with tokens there."""
    start, end = offsets.to_result(entity.start_char, "right"), offsets.to_result(entity.end_char, "left")
    return doc.char_span(start, end, entity.label_, entity.kb_id_) if start < end else None
