"""Runs Apex in the sandbox org: triggers inside its saves, jobs after the commit, tests with coverage.

It is a simulation, and green here is not green in an org. What it does not know it refuses by name, file and line
(`NotModelled`); what an org's compiler would refuse it refuses when it comes by (`DoesNotCompile`), for it knows types
only at run time: a semantic checker stands before it.

The way of a package: `metadata` reads its folder, `syntax` its sources, `declarations` makes classes and triggers of
them, and every method becomes one Python function of a `Frame`, put together from those that the compilers in
`expressions`, `statements` and their neighbours make of each node of the tree. `program` holds them all. When a
record is saved, the org calls `Runtime.fire`, which runs the triggers in a `Transaction`; what they enqueue or
publish waits in `job_queue` for the commit. Who looks for a thing finds it here; at run time a module imports from
its own line and those above it only, and what is further down only to name a type (a `Frame` knows its `Transaction`,
which lists its frames):

    values      errors, classes, values, kinds, exceptions, records, record_fields, texts, operators, copies
    package     package, syntax, metadata, standard, access
    running     scope, limits, frames, expressions, static_kinds
    the org     dml, soql, credentials, callouts
    platform    library, transaction, job_queue, jobs, event_bus, test_context
    compilers   names, calls, creation, places, statements, loops, catching, switches, declarations, program
    doors       people, runtime, entrances, test_runner

`library/` has the platform's classes by subject: each public function of a `Library` is a method that Apex may call.

What it knows and takes more lightly than an org:

* Security: profiles are administrator, standard or minimum access (objects only); field security covers the package's
  own fields; sharing is a list of Cases for each user (`visible`), else everybody sees all. `with sharing`, user mode
  (the default from API 67.0 on) and UserRecordAccess go by that. Custom permissions come from permission sets only, and
  publishing an event asks for none.
* Limits: CPU time is counted in statements; heap, e-mail, daily limits, concurrency and stack depth of chains are not
  counted. A platform event's trigger has synchronous limits, as other triggers have.
* Order: no flows, workflow, duplicate or escalation rules around the triggers; record locks are one lock for the org.
  Partial saves run triggers again for the records that are left, with the limits they have used.
* Events: retries come without a pause; after the ninth the trigger is suspended until the org is reset. An event is
  delivered once, in order, and not kept for 72 hours.
* Jobs: one at a time. Flex queue, cron and chained batches are missing; System.schedule is for tests.
* Tests: the deploying administrator runs them in an org without data. Events from before startTest stay undelivered
  unless the test delivers them; jobs from outside of startTest and stopTest run after the method and cannot fail it.
* SOQL: one object, no aggregates but COUNT(), no subqueries, TYPEOF, SOSL; date literals are those of days. Time zone
  and locale are GMT and en_US.
* Refused: custom metadata types, custom settings, equals and hashCode of one's own, Iterator, StubProvider, generics of
  one's own, and whole namespaces such as ConnectApi, Messaging, Dom, Cache and Canvas.
"""

from sandbox.apex import calls, catching, creation, dml, loops, names, places, soql, switches
from sandbox.apex.metadata import load
from sandbox.apex.runtime import Runtime

__all__ = ["Runtime", "calls", "catching", "creation", "dml", "load", "loops", "names", "places", "soql", "switches"]
