namespace RocketOps.Broker.Failover.Leases;

/// <summary><c>leaseStore=file:/path</c>: see <see cref="FileLeaseStore"/>.</summary>
internal sealed class FileLeaseScheme : ILeaseStoreScheme
{
    public string Name => "file";

    public string Form => "file:/path";

    public string? FindFault(string location) => Path.IsPathFullyQualified(location) && !Path.EndsInDirectorySeparator(location) ? null : $"'file:{location}' must name a file by its full path";

    public OpenLeaseStore Open(string location, LeaseStoreContext context) => new(new FileLeaseStore(location, context.Time), new NoAnnouncement());
}
