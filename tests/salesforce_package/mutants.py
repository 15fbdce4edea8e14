"""Faults put into the Apex, one at a time; its tests should see each.

Prints every fault with its fate. Exit codes: 0 nine of ten were found, 1 fewer, 2 the command is wrong.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.salesforce_package.tools import PACKAGE_DIRECTORIES, ROOT, copy_of_the_package, spoil

_ENOUGH = 0.9


@dataclass(frozen=True)
class Mutant:
    what: str
    file: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"

    @property
    def path(self) -> str:
        folder = "apex/omni" if self.file in {"ChatWork.cls", "AgentOmniChannel.trigger"} else "apex/main"
        return f"{folder}/{'triggers' if self.file.endswith('.trigger') else 'classes'}/{self.file}"


MUTANTS = [
    Mutant("a new owner is no news", "ChatCases.cls", "now.OwnerId != was.OwnerId || ", ""),
    Mutant("closing is no news", "ChatCases.cls", "now.IsClosed != was.IsClosed || ", ""),
    Mutant("a ticket that comes later is no news", "ChatCases.cls", " || now.ChatTicket__c != was.ChatTicket__c", ""),
    Mutant("== for !=", "ChatCases.cls", "now.OwnerId != was.OwnerId", "now.OwnerId == was.OwnerId"),
    Mutant("Cases without a ticket, too", "ChatCases.cls", "now.ChatTicket__c != null && ", ""),
    Mutant("deleted Cases are not announced", "ChatCases.cls", "(saved == null || before == null", "(before == null"),
    Mutant("new Cases are not announced", "ChatCases.cls", "saved == null || before == null || ", "saved == null || "),
    Mutant(
        "the trigger's exceptions reach the user",
        "ChatCases.cls",
        "} catch (Exception error)",
        "} catch (QueryException error)",
    ),
    Mutant("not after undelete", "AssignAgent.trigger", ", after undelete", ""),
    Mutant("not after delete", "AssignAgent.trigger", ", after delete", ""),
    Mutant("not after insert", "AssignAgent.trigger", "after insert, ", ""),
    Mutant(
        "one event for the first Case only",
        "ChatAnnouncement.cls",
        "new List<Id>(caseIds)",
        "new List<Id>{ new List<Id>(caseIds)[0] }",
    ),
    Mutant("a job for each save, no event", "ChatAnnouncement.cls", "Limits.getLimitDmlStatements()) &&", "0) &&"),
    Mutant("publishes up to the last row", "ChatAnnouncement.cls", "Limits.getLimitDmlRows()", "1000000"),
    Mutant("asks up to the last row", "ChatWork.cls", "Limits.getLimitQueryRows()", "1000000"),
    Mutant("publishes up to the last statement", "ChatAnnouncement.cls", "used < most / 2", "used < most"),
    Mutant("wrong path", "TIMCallouts.cls", "'/synccases'", "'/synccase'"),
    Mutant("more than the relay takes at once", "TIMCallouts.cls", "CASES_A_CALL = 200", "CASES_A_CALL = 500"),
    Mutant("no end of callouts in a job", "TIMCallouts.cls", "CALLS_A_JOB = 5", "CALLS_A_JOB = 500"),
    Mutant("a failure counts as delivered", "TIMCallouts.cls", "            failure = answer;\n", ""),
    Mutant("a broken job is forgotten", "TIMCallouts.cls", "UNHANDLED_EXCEPTION", "SUCCESS"),
    Mutant("refusals are tried again", "TIMCallouts.cls", "!failure.isRetryable || ", ""),
    Mutant("no retry", "TIMCallouts.cls", "attempt > DELAYS.size() || !isTriedAgain()", "true"),
    Mutant("the last retry is left out", "TIMCallouts.cls", "attempt > DELAYS.size()", "attempt >= DELAYS.size()"),
    Mutant("retries without end", "TIMCallouts.cls", "attempt + 1), DELAYS[attempt - 1]", "attempt), DELAYS[0]"),
    Mutant(
        "giving up leaves no trace",
        "TIMCallouts.cls",
        "            ChatProblems.record(waiting, failure, attempt);\n",
        "",
    ),
    Mutant("invalid states leave no trace", "TIMCallouts.cls", "if (!invalid.isEmpty())", "if (false)"),
    Mutant("success does not resolve", "TIMCallouts.cls", "            ChatProblems.resolve(delivered);\n", ""),
    Mutant(
        "ids of anything are taken for Cases", "TIMCallouts.cls", "caseId.getSobjectType() == Case.SObjectType", "true"
    ),
    Mutant(
        "a queue's Case keeps an agent",
        "ChatCaseStates.cls",
        "owner == null ? new List<Agent>() : ",
        "owner == null ? new List<Agent>{ new Agent(new User()) } : ",
    ),
    Mutant("inactive owners stay in", "ChatCaseStates.cls", " AND IsActive = TRUE", ""),
    Mutant("deleted Cases are not read", "ChatCaseStates.cls", "            ALL ROWS\n", ""),
    Mutant("a merge looks like a deletion", "ChatCaseStates.cls", "            mergedInto = row.MasterRecordId;\n", ""),
    Mutant(
        "open and closed are exchanged", "ChatCaseStates.cls", "isClosed = row.IsClosed", "isClosed = !row.IsClosed"
    ),
    Mutant("requests name no org", "ChatRelay.cls", "        body.put('orgId', UserInfo.getOrganizationId());\n", ""),
    Mutant("GET", "ChatRelay.cls", "setMethod('POST')", "setMethod('GET')"),
    Mutant("429 is final", "ChatRelay.cls", "status == 429 || ", ""),
    Mutant("503 is final", "ChatRelay.cls", "status >= 500", "status > 503"),
    Mutant(
        "somebody else's page is a success",
        "ChatRelay.cls",
        "} else if (content.isEmpty()) {",
        "} else if (status == 418) {",
    ),
    Mutant(
        "a missing permission is an outage", "ChatRelay.cls", "return isForbidden(error) ? notAllowed() : ", "return "
    ),
    Mutant(
        "the problem does not name the user", "ChatRelay.cls", "String who = UserInfo.getUserName()", "String who = ''"
    ),
    Mutant("each failure is a record", "ChatProblems.cls", "if (!found.isEmpty())", "if (false)"),
    Mutant(
        "all problems are one",
        "ChatProblems.cls",
        "Kind__c = :answer.kind AND HttpStatus__c = :answer.status",
        "Kind__c != NULL",
    ),
    Mutant("half a success resolves all", "ChatProblems.cls", "left.isEmpty() ? System.now() : null", "System.now()"),
    Mutant("the browser's history of any Case", "ChatSession.cls", "if (!canSee(caseId))", "if (caseId == null)"),
    Mutant("closed Cases are listed", "ChatSession.cls", " AND IsClosed = FALSE", ""),
    Mutant("everybody's Cases are listed", "ChatSession.cls", "OwnerId = :UserInfo.getUserId() AND ", ""),
    Mutant("an outage is told as final", "ChatSession.cls", "answer.isRetryable", "false"),
    Mutant("an action for Cases that nobody can see", "ChatCommand.cls", "if (!isVisible)", "if (body == null)"),
    Mutant(
        "only the first wish is done",
        "ChatCommand.cls",
        "for (Member member : members) {\n            if",
        "for (Member member : new List<Member>{ members[0] }) {\n            if",
    ),
    Mutant("one callout too many", "ChatCommand.cls", "Limits.getCallouts() >=", "Limits.getCallouts() >"),
    Mutant("adding removes", "ChatAddAgent.cls", "/joingroup", "/leavegroup"),
    Mutant("dismissing removes", "ChatDismiss.cls", "/deletegroup", "/leavegroup"),
    Mutant("work is news without a change", "ChatWork.cls", "before.get(work.Id).Status != work.Status", "true"),
    Mutant("work on anything", "ChatWork.cls", "work.WorkItemId.getSobjectType() == Case.SObjectType", "true"),
    Mutant("work on Cases without a chat", "ChatWork.cls", " AND ChatTicket__c != NULL", ""),
    Mutant(
        "the history of a Case that the user cannot see",
        "ChatSession.cls",
        "Id = :caseId WITH USER_MODE",
        "Id = :caseId WITH SYSTEM_MODE",
    ),
    Mutant("an action for a Case that the user cannot see", "ChatCommand.cls", "WITH USER_MODE", "WITH SYSTEM_MODE"),
    Mutant(
        "the job sees what its user may",
        "ChatCaseStates.cls",
        "            WITH SYSTEM_MODE\n            ALL",
        "            WITH USER_MODE\n            ALL",
    ),
    Mutant(
        "problems need the user's right",
        "ChatProblems.cls",
        "Database.insert(problem, AccessLevel.SYSTEM_MODE)",
        "Database.insert(problem, AccessLevel.USER_MODE)",
    ),
    Mutant("no finalizer", "TIMCallouts.cls", "        System.attachFinalizer(this);\n", ""),
    Mutant(
        "no callouts allowed",
        "TIMCallouts.cls",
        "Queueable, Database.AllowsCallouts, Finalizer",
        "Queueable, Finalizer",
    ),
    Mutant(
        "an invalid state counts as delivered",
        "TIMCallouts.cls",
        "            delivered.removeAll(invalid.keySet());\n",
        "",
    ),
    Mutant(
        "what a job left is forgotten",
        "TIMCallouts.cls",
        "            System.enqueueJob(new TIMCallouts(waiting));\n",
        "",
    ),
    Mutant(
        "takes the last job of a transaction",
        "ChatAnnouncement.cls",
        "isHalfLeft(Limits.getQueueableJobs(), Limits.getLimitQueueableJobs())",
        "Limits.getQueueableJobs() < Limits.getLimitQueueableJobs()",
    ),
    Mutant("the history begins anew each time", "ChatSession.cls", "            wish.put('before', before);\n", ""),
    Mutant(
        "another user's login",
        "ChatSession.cls",
        "'userId' => UserInfo.getUserId()",
        "'userId' => UserInfo.getOrganizationId()",
    ),
    Mutant(
        "the contact's name is not used",
        "ChatSession.cls",
        "row.Contact?.Name == null ? row.SuppliedName : row.Contact.Name",
        "row.SuppliedName",
    ),
    Mutant(
        "the body is not called JSON",
        "ChatRelay.cls",
        "        request.setHeader('Content-Type', 'application/json');\n",
        "",
    ),
    Mutant("what resolved stays open", "ChatProblems.cls", "                better.add(problem);\n", ""),
    Mutant(
        "an event without a job is forgotten",
        "TIMCallouts.cls",
        "catch (Exception error) {\n            ChatProblems",
        "catch (QueryException error) {\n            ChatProblems",
    ),
    Mutant(
        "a retry that cannot be queued is forgotten",
        "TIMCallouts.cls",
        "            return false;",
        "            return true;",
    ),
    Mutant(
        "a retry that cannot be queued breaks the finalizer",
        "TIMCallouts.cls",
        "catch (AsyncException error)",
        "catch (QueryException error)",
    ),
    Mutant(
        "what goes wrong in the finalizer comes out",
        "TIMCallouts.cls",
        "catch (Exception error) {\n            System",
        "catch (QueryException error) {\n            System",
    ),
    Mutant("a success resolves one problem only", "ChatProblems.cls", "LIMIT 50", "LIMIT 1"),
    Mutant(
        "what was resolved by hand comes back",
        "ChatProblems.cls",
        "WHERE Resolved__c = NULL\n            WITH SYSTEM_MODE\n            LIMIT 50",
        "WHERE Kind__c != NULL\n            WITH SYSTEM_MODE\n            LIMIT 50",
    ),
    Mutant("reasons are kept whole", "ChatRelay.cls", ".abbreviate(1000)", ""),
    Mutant(
        "a missing credential is an outage",
        "ChatRelay.cls",
        " || error.getMessage().containsIgnoreCase('credential')",
        "",
    ),
    Mutant(
        "a lacking permission is an outage",
        "ChatRelay.cls",
        "error.getMessage().containsIgnoreCase('permission') || ",
        "",
    ),
    Mutant("the oldest Case comes first", "ChatSession.cls", "CreatedDate DESC", "CreatedDate"),
    Mutant("one Case is listed", "ChatSession.cls", "LIMIT 200", "LIMIT 1"),
    Mutant(
        "any status is news", "ChatCases.cls", "now.OwnerId != was", "now.Status != was.Status || now.OwnerId != was"
    ),
    Mutant("not after update", "AssignAgent.trigger", "after update, ", ""),
    Mutant("new work is not announced", "AgentOmniChannel.trigger", "after insert, ", ""),
    Mutant(
        "events are not followed",
        "ChatCaseChanged.trigger",
        "TIMCallouts.follow(Trigger.new)",
        "System.debug(Trigger.new)",
    ),
    Mutant("resolved problems are used again", "ChatProblems.cls", "Resolved__c = NULL AND Kind__c", "Kind__c"),
]


def fate_of(mutant: Mutant) -> str:
    """killed if a test failed; a fault that the interpreter refuses to run proves nothing."""
    with tempfile.TemporaryDirectory() as folder:
        project = copy_of_the_package(Path(folder))
        spoil(project, mutant.path, mutant.old, mutant.new)
        directories = [str(project / directory) for directory in PACKAGE_DIRECTORIES]
        command = [sys.executable, "-m", "sandbox.apex", "test", *directories]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=300)
    return {0: "SURVIVED", 1: "killed"}.get(done.returncode, "NOT RUN")


def main() -> int:
    options = _parser().parse_args()
    if options.list:
        sys.stdout.writelines(f"{number:3} {mutant}\n" for number, mutant in enumerate(MUTANTS, 1))
        return 0
    chosen = [MUTANTS[number - 1] for number in options.only] or MUTANTS
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        fates = list(pool.map(fate_of, chosen))
    lines = [f"{fate:8} {mutant}" for mutant, fate in zip(chosen, fates, strict=True)]
    killed = fates.count("killed")
    sys.stdout.write("\n".join([*lines, f"{killed} of {len(chosen)} killed", ""]))
    return 0 if killed >= _ENOUGH * len(chosen) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.salesforce_package.mutants", description=__doc__)
    parser.add_argument("--list", action="store_true", help="print the faults with their numbers, and put in none")
    parser.add_argument(
        "--only", type=_number, action="append", default=[], metavar="N", help="put in this one; may be repeated"
    )
    return parser


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= len(MUTANTS):
        raise argparse.ArgumentTypeError(f"there are faults 1 to {len(MUTANTS)}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
