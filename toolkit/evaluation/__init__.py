"""How good a reading is: Markdown, or a document, held against a labelled truth."""

from toolkit.evaluation.scores import Scores, means, score

__all__ = ["Scores", "means", "score"]
