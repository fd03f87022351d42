"""What is said of the lists of compound runs: native ones, and what is more about them."""

from __future__ import annotations

from store.model.facts import SystemFacts

FACTS = SystemFacts(
    name="hive",
    title="Compound runs, native lists of subtasks",
    badge="hive",
    places="$HIVE_HOME, else ~/.hive: the lists session:compound:RUN",
    reads="what any native list has; of each subtask its tier, model, attempts, result, last error "
    "and cost",
    edits="what any native list allows; the runner follows: another model, a cut edge, a cancelled "
    "or added subtask, a failed one tried again",
    lock="flock on the list's .lock; a lock of its own keeps a second runner out",
    limits="a subtask that is given to somebody who is no model is not run; costs are estimates "
    "where the command does not tell them; whether a command that was killed with its runner did "
    "its work is not known",
)
