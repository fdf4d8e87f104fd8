namespace RocketOps.Broker.Roles;

/// <summary>What a request to change the role came to.</summary>
internal enum RoleChange
{
    Done,

    /// <summary>The epoch is not above the current one: a later change has been made already.</summary>
    StaleEpoch,

    /// <summary>The broker is stopping.</summary>
    Stopping,
}
