using System.Collections.Concurrent;
using RocketOps.Store.Contracts;

namespace RocketOps.Store.Tests.Support;

internal sealed class RecordingWaiter : ILogWaiter
{
    public ConcurrentQueue<WaitOutcome> Outcomes { get; } = new();

    public void OnPosition(PhysicalOffset upTo, WaitOutcome outcome) => Outcomes.Enqueue(outcome);
}
