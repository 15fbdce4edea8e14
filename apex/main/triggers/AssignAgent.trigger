trigger AssignAgent on Case (after insert, after update, after delete, after undelete) {
    ChatCases.changed(Trigger.new, Trigger.oldMap);
}
