"""Runs Apex in the sandbox org: triggers inside its saves, jobs after the commit, tests with coverage.

It is a simulation, and green here is not green in an org. What it does not know it refuses by name, file and line
(`NotModelled`); what an org's compiler would refuse it refuses when it comes by (`DoesNotCompile`), for it knows types
only at run time: a semantic checker stands before it. What it knows and takes more lightly than an org:

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
