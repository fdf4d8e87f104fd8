using RocketOps.Store.Contracts;

namespace RocketOps.Store.Tests.Support;

/// <summary>Settings a store of a test begins with.</summary>
internal static class StoreTunings
{
    /// <summary>The defaults, but that no disk is too slow: how long a machine with other work takes for a file decides no test that is not about it.</summary>
    public static StoreTuning Patient => new() { PageCacheBusyTimeoutMs = 3_600_000, SyncFlushTimeoutMs = 3_600_000, SlaveTimeoutMs = 3_600_000 };
}
