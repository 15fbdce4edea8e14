package com.nawforce.runforce.SObjects;

import com.nawforce.runforce.Internal.SObjectFields$;
import com.nawforce.runforce.Internal.SObjectType$;
import com.nawforce.runforce.System.Id;
import com.nawforce.runforce.System.SObject;
import com.nawforce.runforce.System.String;

/** What apex-ls lacks of Omni-Channel: an agent's work, as far as our Apex uses it. */
public class AgentWork extends SObject {
    public static SObjectType$<AgentWork> SObjectType;
    public static SObjectFields$<AgentWork> Fields;

    public Id Id;
    public String Status;
    public Id UserId;
    public Id WorkItemId;
}
