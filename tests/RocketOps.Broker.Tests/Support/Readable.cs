using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Support;

/// <summary>A message may be read a moment after it is acknowledged. A test that reads what it has sent must not come within that moment, however long a busy machine makes it.</summary>
internal static class Readable
{
    /// <summary>Returns when consumers see all that they may see at the call, or when the store has stopped showing them more.</summary>
    public static Task UntilAsync(MessageStore store)
    {
        LogPositions positions = store.Positions;
        PhysicalOffset end = positions.Get(positions.VisibleAt);
        if (store.Options.DispatchesReplicatedOnly && positions.Get(LogPosition.Replicated) is var replicated && replicated.Value < end.Value)
        {
            end = replicated;
        }

        return Eventually.TrueAsync(
            () => store.GetStats() is var stats && (stats.DispatchedOffset.Value >= Math.Min(end.Value, stats.MaxOffset.Value) || stats.Shortage == DiskShortage.NoRoomForQueues || stats.Flags != StoreFlags.None),
            $"what lies before {end.Value} can be read");
    }
}
