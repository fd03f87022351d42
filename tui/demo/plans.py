"""The work that the simulated agents do: themes, each a plan of steps that wait on one another."""

from __future__ import annotations

from dataclasses import dataclass

LEADS = "colony:lead-report"
PLATFORM = "colony:platform"
INCIDENT = "session:queen:incident-117"
LISTS = (LEADS, PLATFORM, INCIDENT)


@dataclass(frozen=True, slots=True)
class Step:
    """One task of a plan. `{topic}` in its texts stands for what the plan is about."""

    key: str
    subject: str
    active_form: str
    needs: tuple[str, ...] = ()
    description: str = ""
    follow_up: str | None = None
    """What turns out to be needed when the step is finished, on some runs."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A kind of plan: the list that it belongs to, what it can be about, its steps in order."""

    name: str
    list_id: str
    topics: tuple[str, ...]
    steps: tuple[Step, ...]


LEAD_REPORT = Theme(
    "lead report",
    LEADS,
    ("Nordics", "DACH", "Benelux", "Iberia", "UK retail", "Baltics", "Adriatic"),
    (
        Step(
            "targets",
            "Collect target URLs for {topic}",
            "Collecting target URLs",
            description="Start from the trade registers. Skip marketplaces and job sites.",
        ),
        Step(
            "crawl",
            "Crawl the {topic} targets",
            "Crawling target URLs",
            ("targets",),
            "Two requests a second per host at most. Obey robots.txt.",
            "Retry the {topic} hosts that timed out",
        ),
        Step("logos", "Fetch logos for {topic}", "Fetching logos", ("targets",)),
        Step(
            "extract",
            "Extract contact tables, {topic}",
            "Extracting tables",
            ("crawl",),
            "Names, roles, phone numbers. Keep the page that each row came from.",
            "Review {topic} rows without a source page",
        ),
        Step(
            "index",
            "Build the {topic} search index",
            "Building the search index",
            ("crawl",),
            "Inverted index over the crawled pages. Keep it under 50 MB.",
        ),
        Step("dedup", "Dedup {topic} leads in the CRM", "Merging duplicates", ("extract",)),
        Step("score", "Score {topic} companies", "Scoring companies", ("extract",)),
        Step("outreach", "Draft outreach copy for {topic}", "Drafting copy", ("score",)),
        Step(
            "report",
            "Write the {topic} lead report",
            "Writing the report",
            ("dedup", "score", "index"),
            "Two pages, the ten best leads first, numbers with their sources.",
            "Fact-check the {topic} report",
        ),
        Step("publish", "Publish the {topic} page", "Publishing", ("report", "logos")),
    ),
)

RELEASE = Theme(
    "release train",
    PLATFORM,
    ("2.8", "2.9", "2.10", "3.0", "3.1", "3.2"),
    (
        Step("cut", "Cut the release/{topic} branch", "Cutting the branch"),
        Step(
            "wheels",
            "Build wheels and images for {topic}",
            "Building wheels",
            ("cut",),
            "linux x86-64 and arm64, macOS universal. Pin the base image by digest.",
        ),
        Step("notes", "Write the {topic} release notes", "Writing release notes", ("cut",)),
        Step("docs", "Update the docs for {topic}", "Updating the docs", ("cut",)),
        Step(
            "matrix",
            "Run the {topic} upgrade matrix",
            "Upgrading from each supported version",
            ("wheels",),
            "From each of the last three releases, with data, there and back.",
            "Mend the {topic} downgrade path",
        ),
        Step(
            "speed",
            "Compare {topic} with the speed baseline",
            "Running the benchmarks",
            ("wheels",),
            follow_up="Profile the slow start of {topic}",
        ),
        Step("sign", "Sign the {topic} artifacts", "Signing", ("matrix", "speed")),
        Step("canary", "Roll {topic} out to the canary ring", "Watching the canary", ("sign",)),
        Step("announce", "Announce {topic}", "Announcing", ("canary", "notes", "docs")),
    ),
)

POSTMORTEM = Theme(
    "incident",
    INCIDENT,
    ("checkout latency", "stuck webhooks", "login loops", "lost invoices", "queue backlog"),
    (
        Step("timeline", "Rebuild the timeline: {topic}", "Reading the pager log"),
        Step("logs", "Pull gateway logs: {topic}", "Pulling gateway logs"),
        Step(
            "repro",
            "Reproduce on staging: {topic}",
            "Replaying traffic",
            ("logs",),
            "Replay the hour before the first page at half speed.",
        ),
        Step(
            "cause",
            "Find the root cause: {topic}",
            "Bisecting deploys",
            ("timeline", "repro"),
            follow_up="Audit other callers: {topic}",
        ),
        Step("fix", "Patch behind a flag: {topic}", "Patching", ("cause",)),
        Step("alert", "Add an earlier alert: {topic}", "Writing the alert rule", ("cause",)),
        Step("test", "Write a regression test: {topic}", "Writing the test", ("fix",)),
        Step("review", "Hold the review: {topic}", "Collecting comments", ("fix", "alert")),
    ),
)

MIGRATION = Theme(
    "data migration",
    PLATFORM,
    ("orders", "invoices", "customers", "sessions", "audit log"),
    (
        Step("schema", "Draft the {topic} v2 schema", "Drafting the schema"),
        Step(
            "dual",
            "Write {topic} to both stores",
            "Adding the second write",
            ("schema",),
            "Behind a flag. Count what differs, do not fail the request.",
        ),
        Step("backfill", "Backfill {topic} from the archive", "Backfilling", ("schema",)),
        Step(
            "compare",
            "Compare {topic} row by row",
            "Comparing checksums",
            ("dual", "backfill"),
            follow_up="Explain the {topic} rows that differ",
        ),
        Step("switch", "Switch {topic} reads to v2", "Switching reads", ("compare",)),
        Step("drop", "Drop the old {topic} tables", "Dropping tables", ("switch",)),
    ),
)

THEMES = (LEAD_REPORT, RELEASE, POSTMORTEM, MIGRATION)
