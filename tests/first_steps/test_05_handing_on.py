"""Results go on to other tools: SQL, Arrow, spreadsheets; and readings are held against a truth."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

import toolkit
from toolkit import samples
from toolkit.evaluation import score


def test_sql_over_everything_that_was_read(read):
    found = read.sql("SELECT file, count(*) AS tables FROM blocks WHERE type = 'table' GROUP BY 1")
    assert dict(zip(found["file"], found["tables"], strict=True))["annual_report.pdf"] == 2


def test_a_frame_is_an_arrow_table(read):
    assert pa.table(read.pages()).num_rows == len(read.pages())


def test_csv_that_a_spreadsheet_may_open(read, tmp_path):
    read.export(tmp_path, to="csv", formula_safe=True)
    assert len(pd.read_csv(tmp_path / "blocks.csv")) == len(read.blocks())
    assert (tmp_path / "dictionary.md").is_file()


def test_a_reading_against_its_truth(tmp_path):
    [sample] = samples.write(tmp_path, only=["form"])
    document = toolkit.parse(sample.path)
    assert samples.agreement(sample, document).error_rate == 0.0
    assert score(document, "# Application for a library card").mhs > 0
