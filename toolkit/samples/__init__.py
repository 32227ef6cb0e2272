"""Made documents that look like real ones, each with its truth: for demo, notebooks and tests."""

from toolkit.samples.agreement import Agreement, agreement
from toolkit.samples.sample import Expected, Sample
from toolkit.samples.writing import write

__all__ = ["Agreement", "Expected", "Sample", "agreement", "write"]
