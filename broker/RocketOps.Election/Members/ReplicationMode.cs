namespace RocketOps.Election.Members;

/// <summary>Promise that an acknowledgement of the master makes.</summary>
public enum ReplicationMode
{
    /// <summary>The master has it. A failover may lose what its successor did not have yet.</summary>
    Async = 0,

    /// <summary>Every copy that is in sync has it: no failover loses it.</summary>
    Sync,
}
