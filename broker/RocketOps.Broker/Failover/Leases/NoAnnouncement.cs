namespace RocketOps.Broker.Failover.Leases;

/// <summary>Name servers tell who leads, and nobody else needs to know.</summary>
internal sealed class NoAnnouncement : IMasterAnnouncement
{
    public Task OnLeadingAsync(long epoch, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task OnStandingInAsync(long epoch, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task OnStoppedAsync(long epoch, CancellationToken cancellationToken) => Task.CompletedTask;
}
