"""CSV files as sinks."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from fbcore.components.record import field_names, fields_of
from fbcore.components.whole_file import whole_file
from fbcore.model.component import Component
from fbcore.model.port import Config, In, Out


class WriteCsv(Component):
    """Write records (dicts, dataclasses or named tuples) as the rows of a CSV file, and send its path.

    The first record names the columns; without any, the file is empty. A `path` that is relative is so to
    `folder`; folders that are missing are made. The file appears, or replaces an older one, only when all
    rows have come: a run that fails or is stopped leaves none behind, and no half of one.

    Raises:
        InputError: what came is no record, or has other fields than the first.
        ConfigError: the file cannot be written there.

    Example:
        from fbcore.components.write_csv import WriteCsv

        rows = [{"sky": "rain", "mean": 27.3}, {"sky": "clear", "mean": 10.9}]
        (path,) = BatchRuntime(WriteCsv).run(inputs={"rows": Each(rows)}, path="means.csv").outputs.written
        print(path.read_text().splitlines())
        #> ['sky,mean', 'rain,27.3', 'clear,10.9']
    """

    path: Config[Path]
    folder: Config[Path] = Config(default=Path())
    rows: In[Any]
    written: Out[Path]

    async def run(self) -> None:
        """Write every row as it comes, then send the path."""
        path = self.folder.value / self.path.value
        names: tuple[str, ...] = ()
        with whole_file(path) as file:
            # RFC 4180 asks for \r\n; whatever reads that reads \n too, and people compare files.
            writer = csv.writer(file, lineterminator="\n")
            async for row in self.rows:
                if not names:
                    names = field_names(row)
                    writer.writerow(names)
                writer.writerow(fields_of(row, names))
        await self.written.send(path)
