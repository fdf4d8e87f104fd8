using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Store.Tests.Support;

/// <summary>Stores with small files, so that rolls happen within a few messages.</summary>
internal static class SmallStore
{
    public static StoreOptions Options(string root, FlushDiskType flush = FlushDiskType.AsyncFlush, int maxOpenQueueFiles = 4096, int indexEntries = 100, bool replicatedOnly = false, int queueFileBytes = 20 * 50, string? commitLog = null) => new()
    {
        RootDirectory = root,
        CommitLogDirectory = commitLog,
        FlushDiskType = flush,
        DispatchesReplicatedOnly = replicatedOnly,
        CommitLogFileBytes = 64 * 1024,
        ConsumeQueueFileBytes = queueFileBytes,
        BatchConsumeQueueFileBytes = 46 * 50,
        IndexSlots = 50,
        IndexEntries = indexEntries,
        MaxMessageBytes = 16 * 1024,
        TailBytes = 256 * 1024,
        UsualTailBytes = 32 * 1024,
        Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DiskMaxUsedRatio = 100, DiskCleanForciblyRatio = 100, DeleteHours = [] },
        MaxOpenQueueFiles = maxOpenQueueFiles,
    };

    public static async Task<MessageStore> StartAsync(StoreOptions options, IStoreFileSystem? files = null, TimeProvider? time = null, bool hasThreads = true)
    {
        MessageStore store = new(options, files ?? new LinuxFileSystem(), time ?? TimeProvider.System, NullLoggerFactory.Instance, hasThreads);
        try
        {
            await store.StartAsync(CancellationToken.None);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }

        return store;
    }

    public static Task<MessageStore> StartAsync(TempDirectory directory) => StartAsync(Options(directory.Path));
}
