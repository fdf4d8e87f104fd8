namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>Reason why no pod restarts now although some are outdated.</summary>
internal enum RollWait
{
    /// <summary>One does, or nothing is outdated, or the next pass sees.</summary>
    None,

    /// <summary>A pod stops.</summary>
    Leaving,

    /// <summary>A member has no pod, or one that nobody has seen yet.</summary>
    Absent,

    /// <summary>The pod of a master has been made again and does not serve yet.</summary>
    Returning,

    /// <summary>A pod does not serve.</summary>
    Serving,

    /// <summary>A pod serves, and a name server does not know it.</summary>
    Registration,

    /// <summary>A member does not have everything: that was acknowledged, where the group elects its master, or that its master has, where a message needs as many copies.</summary>
    Sync,

    /// <summary>The only member that has everything does not serve, and may by itself.</summary>
    LastCopy,

    /// <summary>The member that led a group does not renew its Lease, and none leads instead yet.</summary>
    Master,

    /// <summary>A master has just restarted, and clients get time to find it.</summary>
    MasterPause,

    /// <summary>A master hands over before it restarts.</summary>
    HandOver,

    /// <summary>A disruption budget does not let the pod go.</summary>
    Budget,

    /// <summary>More than one disruption budget counts the pod, and Kubernetes evicts none of such.</summary>
    SeveralBudgets,

    /// <summary>A name server does not answer.</summary>
    SilentNameServer,

    /// <summary>The name servers are being replaced.</summary>
    ReplacedNameServers,

    /// <summary>The controller of a group's set has not seen what was written last: which of its pods are outdated is not known.</summary>
    Unobserved,

    /// <summary>A member leaves its group.</summary>
    Removal,

    /// <summary>Something has to be set right, or become known, before the operator touches any pod.</summary>
    Held,
}
