trigger ChatCaseChanged on ChatCaseChange__e (after insert) {
    TIMCallouts.follow(Trigger.new);
}
