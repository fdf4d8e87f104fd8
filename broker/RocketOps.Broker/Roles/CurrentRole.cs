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
