namespace RocketOps.Broker.Offsets;

/// <summary>Look, by a broker that starts or becomes the master, at what its file of consumer offsets has and lacks.</summary>
internal sealed class OffsetRecovery(DeletedOffsets deleted, OffsetsPastEnds pastEnds, LostOffsets lost)
{
    /// <summary>At the start of a broker, in every role; of a master's after its topics are settled.</summary>
    public void Begin() => deleted.Drop();

    /// <summary>
    /// At a broker that becomes the master, when the queues of everything in the log are known and no thread appends.
    /// </summary>
    public async Task LeadAsync()
    {
        await pastEnds.BringDownAsync();
        lost.Tell();
    }
}
