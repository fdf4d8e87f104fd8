namespace RocketOps.Broker.Groups;

/// <summary>The group that somebody has named, or why it is not there and was not made.</summary>
internal readonly record struct FoundGroup(GroupState? State, GroupRefusal Refusal = GroupRefusal.None);

/// <summary>
/// Reason why a group is not made for the client that is the first to name it; of several reasons the later one here is told.
/// </summary>
internal enum GroupRefusal
{
    None,

    /// <summary>Naming makes no groups here (<c>autoCreateSubscriptionGroup</c>), or none with this name. Told as RocketMQ tells it: 26, and nothing in the answer to a heartbeat.</summary>
    NotAllowed,

    /// <summary>The connection has made <c>maxGroupsPerConnection</c>.</summary>
    TooManyOfConnection,

    /// <summary>There are <c>maxGroups</c>.</summary>
    TooMany,
}
