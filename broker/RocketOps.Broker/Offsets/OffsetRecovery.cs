namespace RocketOps.Broker.Offsets;

/// <summary>Look, by a broker that starts or becomes the master, at what its file of consumer offsets has and lacks.</summary>
internal sealed class OffsetRecovery(ForeignOffsets foreign, DeletedOffsets deleted, OffsetsPastEnds pastEnds, LostOffsets lost)
{
    /// <summary>Drops offsets of another store. To be called when the store has started, in every role, before offsets are used.</summary>
    public Task DropForeignAsync(CancellationToken cancellationToken) => foreign.DropAsync(cancellationToken);

    /// <summary>Drops offsets on deleted topics. To be called at the start, in every role; at a master's after its topics are settled.</summary>
    public Task BeginAsync(CancellationToken cancellationToken) => deleted.DropAsync(cancellationToken);

    /// <summary>
    /// Brings offsets down to the ends of queues, and tells of those that were lost. To be called at a broker that becomes the master, when
    /// the queues of everything in the log are known and no thread appends.
    /// </summary>
    public async Task LeadAsync()
    {
        await pastEnds.BringDownAsync();
        lost.Tell();
    }
}
