package com.nawforce.runforce.SObjects;

import com.nawforce.runforce.Internal.SObjectFields$;
import com.nawforce.runforce.Internal.SObjectType$;
import com.nawforce.runforce.System.Id;
import com.nawforce.runforce.System.SObject;
import com.nawforce.runforce.System.String;

/** What apex-ls lacks of Omni-Channel: which records are routed as work. */
public class ServiceChannel extends SObject {
    public static SObjectType$<ServiceChannel> SObjectType;
    public static SObjectFields$<ServiceChannel> Fields;

    public Id Id;
    public String RelatedEntity;
}
