using RocketOps.Election.Leases;

namespace RocketOps.Broker.Failover.Leases;

/// <summary>A lease store in use, and what goes with it. Disposing it closes both when they can be closed.</summary>
/// <param name="Leases">Where the group's lease is.</param>
/// <param name="Announcement">Who else is told of a new master.</param>
internal sealed record OpenLeaseStore(ILeaseStore Leases, IMasterAnnouncement Announcement) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await CloseAsync(Announcement);
        await CloseAsync(Leases);
    }

    private static async ValueTask CloseAsync(object part)
    {
        if (part is IAsyncDisposable closable)
        {
            await closable.DisposeAsync();
        }
        else
        {
            (part as IDisposable)?.Dispose();
        }
    }
}
