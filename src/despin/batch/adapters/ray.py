"""Ray Data: repair the texts of a dataset, wherever its blocks are. Start with `repair_dataset`.

ds = repair_dataset(ray.data.read_json("pages/"), level="safe")
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pyarrow
from ray.data import Dataset

from despin.batch.options import Options, Treat
from despin.batch.tables import RECORD, REFUSED, repair_columns

# Rows of a batch: some seconds of work, so that little is lost when a worker dies, which Ray makes good.
BATCH = 256


def repair_dataset(dataset: Dataset, treat: Treat | None = None, batch_size: int = BATCH, **settings: Any) -> Dataset:
    """The dataset with repaired texts and the columns that `tables.repair_columns` adds, by `Dataset.map_batches`.

    settings: those of `despin.batch.options.Options`. A text that cannot be repaired is left as it is and says why; a
    missing column ends the job with that message. The tables are read once a worker process. Raises SettingsError for
    a setting that is not known, before anything is done.
    """
    Options(**settings)
    return dataset.map_batches(
        partial(repair_table, treat=treat, **settings), batch_format="pyarrow", batch_size=batch_size
    )


def repair_table(table: pyarrow.Table, treat: Treat | None = None, **settings: Any) -> pyarrow.Table:
    """`tables.repair_columns` on an Arrow table; the types of the added columns are the same in every batch."""
    options = Options(**settings)
    name = options.text_column
    given = {name: table[name].to_pylist()} if name in table.column_names else dict.fromkeys(table.column_names, ())
    found = repair_columns(given, treat, **settings)
    place = table.column_names.index(name)
    field = table.schema.field(place)
    table = table.set_column(place, field, pyarrow.array(found[name], field.type))
    added = {
        options.score_column: pyarrow.float64(),
        options.verdict_column: pyarrow.string(),
        options.prefix + RECORD: pyarrow.string(),
        options.prefix + REFUSED: pyarrow.string(),
    }
    for column, kind in added.items():
        table = table.append_column(column, pyarrow.array(found[column], kind))
    return table
