namespace RocketOps.Operator.Clusters.Rolling;

/// <summary>Next step with a broker group.</summary>
internal enum GroupStep
{
    /// <summary>Every pod is up to date.</summary>
    None,

    /// <summary>Something is outdated and may not go yet.</summary>
    Wait,

    /// <summary>A pod that does not serve is deleted; its set makes it again from the current template.</summary>
    Restart,

    /// <summary>A master that is to be restarted hands over to a member that has everything; it is evicted as a slave.</summary>
    HandOver,

    /// <summary>
    /// A pod that serves restarts as with Restart, but it is evicted, so that its group's disruption budget has a say beside drains of
    /// nodes.
    /// </summary>
    Evict,
}
