using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Replication;

/// <summary>Failures of a store that takes nothing more until the broker is started again: neither a full disk nor a stop is one.</summary>
internal static class FailedStore
{
    private const StoreFlags Failures = StoreFlags.NotWriteable | StoreFlags.LogicQueueError | StoreFlags.IndexError;

    /// <summary><see cref="StoreFlags.None"/> when nothing has.</summary>
    public static StoreFlags FindFailure(this MessageStore store) => store.Flags & Failures;
}
