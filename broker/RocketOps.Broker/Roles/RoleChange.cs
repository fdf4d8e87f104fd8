namespace RocketOps.Broker.Roles;

/// <summary>Result of a request to change the role.</summary>
internal enum RoleChange
{
    Done,

    /// <summary>Somebody else was elected meanwhile.</summary>
    StaleEpoch,

    /// <summary>The broker is stopping.</summary>
    Stopping,
}
