"""datatrove: a filter by verdict, and a formatter that repairs and keeps what undoes it. Start with `VerdictFilter`.

pipeline = [JsonlReader("pages/"), VerdictFilter(), RepairFormatter("edits/"), JsonlWriter("repaired/")]
"""

from __future__ import annotations

from typing import Any

from datatrove.data import Document, DocumentsPipeline
from datatrove.io import DataFolderLike, get_datafolder
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.formatters.base import BaseFormatter
from datatrove.pipeline.writers.disk_base import DiskWriter
from datatrove.utils.typeshelper import StatHints

from despin.batch.formats import Unfit
from despin.batch.options import Options, Treat
from despin.batch.units import treated


class VerdictFilter(BaseFilter):
    """Keeps documents with certain verdicts; the reason of any other is its verdict, or why it has none.

    keep: the verdicts to keep. settings: those of `despin.batch.options.Options`. The score and the verdict go into the
    document's metadata.
    """

    name = "despin: verdict"

    def __init__(
        self,
        keep: tuple[str, ...] = ("no-flag", "abstain"),
        exclusion_writer: DiskWriter | None = None,
        treat: Treat | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(exclusion_writer)
        self.options = Options(keep=keep, score_only=True, **settings)
        self.treat = treat or self.options.treat()

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """Whether the document is kept, or why it is not."""
        try:
            _, score = treated(doc.text, self.options, self.treat)
        except Unfit as error:
            doc.metadata[f"{self.options.prefix}refused"] = str(error)
            return False, "refused"
        doc.metadata[self.options.score_column] = score.probability
        doc.metadata[self.options.verdict_column] = score.verdict
        return self.options.keeps(score.verdict) or (False, score.verdict)


class RepairFormatter(BaseFormatter):
    """Repairs documents; what undoes each repair goes to a side file of the task, schema ``despin.edits/1``.

    side_folder: where the side files go, one a task, by its rank: `00000.jsonl`. It appears when the task is done.
    settings: those of `despin.batch.options.Options`. A document that cannot be repaired goes through as it is; its
    metadata say why.
    """

    name = "despin: repair"

    def __init__(self, side_folder: DataFolderLike, treat: Treat | None = None, **settings: Any) -> None:
        super().__init__()
        self.side_folder = get_datafolder(side_folder)
        self.options = Options(**settings)
        self.treat = treat or self.options.treat()

    def format(self, text: str) -> str:
        """The repaired text, without a record of it; `run` keeps one."""
        return treated(text, self.options, self.treat)[0].text

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Repair all documents of a task."""
        name = f"{rank:05d}.jsonl"
        with self.side_folder.open(f"{name}.part", "w", encoding="utf-8", errors="surrogatepass") as side:
            for doc in data:
                self.stat_update(StatHints.total)
                with self.track_time():
                    side.write(self._repair(doc))
                yield doc
        self.side_folder.mv(f"{name}.part", name)

    def _repair(self, doc: Document) -> str:
        """Repair a document, and return its line of the side file."""
        prefix = self.options.prefix
        try:
            repair, score = treated(doc.text, self.options, self.treat)
        except Unfit as error:
            doc.metadata[f"{prefix}refused"] = str(error)
            self.stat_update("refused")
            return ""
        doc.metadata[self.options.score_column] = score.probability
        doc.metadata[self.options.verdict_column] = score.verdict
        if not any(step.edits for step in repair.steps):
            return ""
        doc.text = repair.text
        self.stat_update("edited")
        return repair.to_json(str(doc.id)) + "\n"
