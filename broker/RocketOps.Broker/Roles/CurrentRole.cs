namespace RocketOps.Broker.Roles;

/// <summary>
/// Role as handlers ask for it: it can change while the broker runs, the configuration cannot. Reading is one volatile load. Thread-safe;
/// only <c>RoleManager</c> changes it.
/// </summary>
internal sealed class CurrentRole(RoleTerm configured)
{
    private volatile RoleTerm _term = configured;

    public RoleTerm Term => _term;

    public bool IsMaster => _term.IsMaster;

    public bool IsSlave => !_term.IsMaster;

    public void Change(RoleTerm term) => _term = term;
}

/// <summary>The role of this broker during one epoch. A change of role replaces it, so that whoever reads it once sees parts that belong together.</summary>
/// <param name="IsMaster">Takes messages; a slave only serves reads.</param>
/// <param name="BrokerId">The id name servers are told: 0 for a master, above 0 for a slave.</param>
/// <param name="Epoch">Grows with every change of role in the group; 0 for the configured role.</param>
internal sealed record RoleTerm(bool IsMaster, long BrokerId, long Epoch);

/// <summary>Result of a request to change the role.</summary>
internal enum RoleChange
{
    Done,

    /// <summary>Somebody else was elected meanwhile.</summary>
    StaleEpoch,

    /// <summary>The broker is stopping.</summary>
    Stopping,
}
