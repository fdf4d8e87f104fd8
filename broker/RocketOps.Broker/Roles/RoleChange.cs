namespace RocketOps.Broker.Roles;

/// <summary>What a request to change the role came to.</summary>
internal enum RoleChange
{
    Done,

    /// <summary>Somebody else was elected meanwhile.</summary>
    StaleEpoch,

    /// <summary>The broker is stopping.</summary>
    Stopping,
}
