using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Pulling;

/// <summary>Pulls that are answered together, as one work item; reused.</summary>
internal sealed class WokenPulls(ParkedPulls owner) : IThreadPoolWorkItem
{
    public List<ParkedPull> Pulls { get; } = [];

    public void Execute()
    {
        // Step 9 of a pull.
        using (AfterReplies.GatherOutput())
        {
            foreach (ParkedPull parked in Pulls)
            {
                owner.Answer(parked);
            }
        }

        owner.Return(this);
    }
}
