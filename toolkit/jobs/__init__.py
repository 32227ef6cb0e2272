"""The vocabulary of jobs: states and moves, what is asked, what became of it, and tools."""

from toolkit.jobs.job import Attempt, Job, Progress, Stage, Submission
from toolkit.jobs.retry import RetryPolicy
from toolkit.jobs.state import ACTIVE, BORN, FINAL, MOVES, WAITING, JobState, Move, after, can
from toolkit.jobs.tool import Limits, Outcome, Task, Tool, outcome_of, target_of

__all__ = [
    "ACTIVE",
    "BORN",
    "FINAL",
    "MOVES",
    "WAITING",
    "Attempt",
    "Job",
    "JobState",
    "Limits",
    "Move",
    "Outcome",
    "Progress",
    "RetryPolicy",
    "Stage",
    "Submission",
    "Task",
    "Tool",
    "after",
    "can",
    "outcome_of",
    "target_of",
]
