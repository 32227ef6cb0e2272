"""How good a reading is: Markdown, or a document, held against a labelled truth."""

from toolkit.evaluation.calibration import Bin, Calibration, Judged, calibration, judged
from toolkit.evaluation.characters import Characters, characters
from toolkit.evaluation.folds import Folds, folds
from toolkit.evaluation.headings import Found, headings
from toolkit.evaluation.pages import Measured, Summary, measured, summary
from toolkit.evaluation.plain import Labels
from toolkit.evaluation.scores import Scores, means, score
from toolkit.evaluation.trust import Trust, layer_of, trust

__all__ = [
    "Bin",
    "Calibration",
    "Characters",
    "Folds",
    "Found",
    "Judged",
    "Labels",
    "Measured",
    "Scores",
    "Summary",
    "Trust",
    "calibration",
    "characters",
    "folds",
    "headings",
    "judged",
    "layer_of",
    "means",
    "measured",
    "score",
    "summary",
    "trust",
]
