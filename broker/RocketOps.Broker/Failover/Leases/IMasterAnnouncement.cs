namespace RocketOps.Broker.Failover.Leases;

/// <summary>
/// Tells the world outside of the group who leads it, where something else than name servers has to know: an address that follows the master. Called one at a time, in the order in which things
/// happened. A call that throws is logged and made again a second later, until it succeeds or something newer has happened: then its token is cancelled.
/// </summary>
internal interface IMasterAnnouncement
{
    /// <summary>This member leads in that epoch and takes messages.</summary>
    Task OnLeadingAsync(long epoch, CancellationToken cancellationToken);

    /// <summary>The master of that epoch is not there any more, nobody leads yet, and this member is the one that takes in who asks for a master. Nothing of a later master is to be taken back.</summary>
    Task OnStandingInAsync(long epoch, CancellationToken cancellationToken);

    /// <summary>This member, which led in that epoch, takes no messages any more. Somebody else may have announced itself already: nothing of others is to be taken back.</summary>
    Task OnStoppedAsync(long epoch, CancellationToken cancellationToken);
}

/// <summary>Name servers tell who leads, and nobody else needs to know.</summary>
internal sealed class NoAnnouncement : IMasterAnnouncement
{
    public Task OnLeadingAsync(long epoch, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task OnStandingInAsync(long epoch, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task OnStoppedAsync(long epoch, CancellationToken cancellationToken) => Task.CompletedTask;
}
