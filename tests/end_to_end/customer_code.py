"""Apex of the customer's own that stands beside the package: it transfers Cases in every context, and eats limits."""

# ruff: noqa: E501 - Apex stands as its authors would write it

TRANSFER = """public class OwnTransfer implements Queueable, Database.Batchable<SObject> {
    private final Id ownerId;
    public OwnTransfer(Id ownerId) { this.ownerId = ownerId; }

    @AuraEnabled public static void inQueueable(Id ownerId) { System.enqueueJob(new OwnTransfer(ownerId)); }
    @AuraEnabled public static void inBatch(Id ownerId) { Database.executeBatch(new OwnTransfer(ownerId), 200); }
    @AuraEnabled public static void inFuture(Id ownerId) { later(ownerId); }
    @future private static void later(Id ownerId) { give(everyCase(), ownerId); }

    public void execute(QueueableContext context) { give(everyCase(), ownerId); }

    public Database.QueryLocator start(Database.BatchableContext context) {
        return Database.getQueryLocator('SELECT Id FROM Case WHERE ChatTicket__c != NULL');
    }
    public void execute(Database.BatchableContext context, List<Case> some) { give(some, ownerId); }
    public void finish(Database.BatchableContext context) { }

    private static List<Case> everyCase() { return [SELECT Id FROM Case WHERE ChatTicket__c != NULL]; }
    private static void give(List<Case> some, Id ownerId) {
        for (Case one : some) { one.OwnerId = ownerId; }
        update some;
    }
}"""
HUNGER = """public class OwnHunger {
    public static void eat(String what) {
        Integer kept = what.contains('all but one') ? 1 : 0;
        while (what.contains('DML') && Limits.getDmlStatements() + kept < Limits.getLimitDmlStatements()) { insert new Account(Name = 'x'); }
        if (what.contains('rows')) { List<Account> many = new List<Account>(); while (many.size() + kept < Limits.getLimitDmlRows()) { many.add(new Account(Name = 'x')); } insert many; }
        while (what.contains('SOQL') && Limits.getQueries() + kept < Limits.getLimitQueries()) { List<User> some = [SELECT Id FROM User LIMIT 1]; }
        while (what.contains('jobs') && Limits.getQueueableJobs() + kept < Limits.getLimitQueueableJobs()) { System.enqueueJob(new OwnNothing()); }
    }
    public static void eatTheLast(String what) {
        if (what.contains('DML')) { insert new Account(Name = 'the last'); }
        if (what.contains('jobs')) { System.enqueueJob(new OwnNothing()); }
    }
}"""
NOTHING = """public class OwnNothing implements Queueable {
    public void execute(QueueableContext context) { }
}"""
CASE = """trigger OwnCase on Case (before update, after update) {
    String subject = Trigger.new[0].Subject;
    if (Trigger.isBefore && subject.startsWith('eats ')) { OwnHunger.eat(subject); }
    if (Trigger.isAfter && subject.contains('all but one')) { OwnHunger.eatTheLast(subject); }
    if (Trigger.isAfter) {
        for (Case one : Trigger.new) { if (one.Subject == 'refused') { one.addError('Not this one'); } }
    }
}"""
"""Runs after AssignAgent: of several triggers the sandbox fires the first by name first."""

FILES = {
    "OwnTransfer.cls": TRANSFER,
    "OwnHunger.cls": HUNGER,
    "OwnNothing.cls": NOTHING,
    "OwnCase.trigger": CASE,
}
