namespace RocketOps.Broker.Offsets;

/// <summary>Look, by a broker that starts or becomes the master, at what its file of consumer offsets has and lacks.</summary>
internal sealed class OffsetRecovery(DeletedOffsets deleted, OffsetsPastEnds pastEnds, LostOffsets lost)
{
    /// <summary>Drops offsets on deleted topics. To be called at the start, in every role; at a master's after its topics are settled.</summary>
    public void Begin() => deleted.Drop();

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
