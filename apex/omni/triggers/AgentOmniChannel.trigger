trigger AgentOmniChannel on AgentWork (after insert, after update) {
    ChatWork.changed(Trigger.new, Trigger.oldMap);
}
