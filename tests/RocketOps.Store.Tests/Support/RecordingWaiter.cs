using System.Collections.Concurrent;

namespace RocketOps.Store.Tests.Support;

internal sealed class RecordingWaiter : IDurabilityWaiter
{
    public ConcurrentQueue<DurabilityOutcome> Outcomes { get; } = new();

    public void OnDurable(PhysicalOffset upTo, DurabilityOutcome outcome) => Outcomes.Enqueue(outcome);
}
