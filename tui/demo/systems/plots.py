"""What the writers of other systems work on: rounds of jobs that follow from a seed alone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui.demo.plans import Step, Theme

_MIN_S, _MAX_S = 8.0, 20.0

TEAM = Theme(
    "payments API v3",
    "harbor",
    ("refunds", "payouts", "disputes", "mandates", "ledgers"),
    (
        Step("contract", "Write the OpenAPI contract for {topic}", "Writing the contract"),
        Step(
            "port",
            "Port the {topic} handlers to v3",
            "Porting handlers",
            ("contract",),
            "Keep the v2 routes answering until the last client has moved.",
        ),
        Step("auth", "Scope tokens for {topic}", "Scoping tokens", ("contract",)),
        Step("load", "Load-test {topic} at 3× peak", "Running the load test", ("port", "auth")),
        Step("sdk", "Regenerate SDKs with {topic}", "Generating SDKs", ("contract",)),
        Step(
            "cut", "Cut {topic} over", "Cutting over", ("load", "sdk"), "With the flag, by region."
        ),
    ),
)

CODE = Theme(
    "search rewrite",
    "search-rewrite",
    ("tokenizer", "ranking", "synonyms", "facets", "typo tolerance"),
    (
        Step("read", "Map who calls the old {topic}", "Reading the call sites"),
        Step("design", "Design the new {topic} interface", "Designing the interface", ("read",)),
        Step("build", "Implement {topic}", "Writing the implementation", ("design",)),
        Step(
            "fuzz",
            "Fuzz {topic} with last week's queries",
            "Fuzzing",
            ("build",),
            "Replay the query log; compare the first ten results with the old index.",
        ),
        Step("docs", "Document {topic}", "Writing docs", ("design",)),
        Step("swap", "Switch {topic} behind the flag", "Switching over", ("fuzz", "docs")),
    ),
)

REPORT = Theme(
    "quarterly report",
    "q3-report",
    ("revenue", "churn", "hiring", "infrastructure", "support load"),
    (
        Step("pull", "Pull the {topic} figures", "Querying the warehouse"),
        Step("check", "Check {topic} against finance", "Comparing with finance", ("pull",)),
        Step("chart", "Draw the {topic} charts", "Drawing charts", ("check",)),
        Step("text", "Write the {topic} section", "Writing", ("check",), "Two pages at most."),
        Step("merge", "Merge {topic} into the report", "Merging", ("chart", "text")),
    ),
)

QUEUE = Theme(
    "invoices",
    "invoices",
    ("Northwind", "Contoso", "Fabrikam", "Tailspin", "Litware"),
    (
        Step("scan", "Read the scans from {topic}", "Reading scans"),
        Step("match", "Match {topic} invoices to orders", "Matching"),
        Step("tax", "Check the VAT numbers of {topic}", "Checking VAT numbers"),
        Step("post", "Post the {topic} batch to the ledger", "Posting"),
    ),
)

BOARD = Theme(
    "launch review",
    "launch-review",
    ("pricing page", "onboarding", "mobile app", "partner portal", "help centre"),
    (
        Step("brief", "Review the {topic}", "Leading the review"),
        Step("usage", "Measure how the {topic} is used", "Measuring"),
        Step("rivals", "Compare the {topic} with three rivals", "Comparing"),
        Step("risks", "List what can go wrong with the {topic}", "Looking for trouble"),
        Step("claims", "Check every claim on the {topic}", "Checking claims"),
    ),
)

FLAKY = "The package mirror often answers late."
"""A subtask of a run that is told so fails at the first try."""

RUN = Theme(
    "upgrade",
    "upgrade",
    ("the web client", "the billing worker", "the importer", "the gateway"),
    (
        Step("list", "List the outdated packages of {topic}", ""),
        Step("notes", "Read the release notes for {topic}", ""),
        Step("minor", "Apply the minor upgrades to {topic}", "", ("list", "notes")),
        Step("major", "Apply the major upgrades to {topic}", "", ("list", "notes"), FLAKY),
        Step("tests", "Mend the tests of {topic}", "", ("minor",)),
        Step("bundle", "Compare the bundle size of {topic}", "", ("major",)),
        Step("summary", "Write the pull request for {topic}", "", ("tests", "bundle")),
    ),
)


@dataclass(frozen=True, slots=True)
class Job:
    """One task of a round. Times are story seconds."""

    key: str
    """Unique in the story, as in "0/scan"."""
    subject: str
    active_form: str
    needs: tuple[str, ...]
    description: str
    worker: str
    seconds: float
    cost_usd: float
    tokens: int

    @property
    def ticks(self) -> int:
        """How often its progress is written."""
        return max(2, round(self.seconds / 3))


OWN = Job("", "", "Working on it", (), "", "", 8.0, 0.02, 1_500)
"""What a task is taken for that is not of the story."""


def round_of(theme: Theme, seed: int, number: int, workers: Sequence[str]) -> tuple[Job, ...]:
    """The jobs of one round, from 0, in an order in which they can be done."""
    chance = random.Random(f"{seed}/{theme.name}/{number}")
    topics = list(theme.topics)
    random.Random(f"{seed}/{theme.name}").shuffle(topics)
    again, place = divmod(number, len(topics))
    topic = topics[place] + (f", round {again + 1}" if again else "")
    jobs = []
    for step in theme.steps:
        tokens = chance.randrange(2_000, 40_000)
        job = Job(
            f"{number}/{step.key}",
            step.subject.format(topic=topic),
            step.active_form,
            tuple(f"{number}/{key}" for key in step.needs),
            step.description,
            chance.choice(list(workers)),
            round(chance.uniform(_MIN_S, _MAX_S), 1),
            round(tokens * 0.000018, 3),
            tokens,
        )
        jobs.append(job)
    return tuple(jobs)


def number_of(key: object) -> int:
    """The round that a key belongs to; -1 for one that is not of the story."""
    number, slash, _ = key.partition("/") if isinstance(key, str) else ("", "", "")
    is_number = number.isascii() and number.isdecimal() and len(number) < 7
    return int(number) if slash and is_number else -1


def next_round(steps: Iterable[tuple[object, bool]], few: int) -> int | None:
    """The round to plan now; None while enough of the last one is open.

    Args:
        steps: each task's step of the story, and whether it is open.
        few: how many open tasks are not enough. What is left of earlier rounds does not count:
            it may be stuck until the operator does something about it.
    """
    found = [(number_of(step), is_open) for step, is_open in steps]
    last = max((number for number, _ in found), default=-1)
    still_open = sum(is_open for number, is_open in found if number == last)
    return last + 1 if still_open <= few else None


def job_of(theme: Theme, seed: int, key: object, workers: Sequence[str]) -> Job:
    """The job that a task names as its `step`; `OWN` for tasks that are not of the story."""
    number = number_of(key)
    if number < 0:
        return OWN
    return next((j for j in round_of(theme, seed, number, workers) if j.key == key), OWN)
