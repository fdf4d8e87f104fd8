using Microsoft.Extensions.Logging;
using RocketOps.Store.Files;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>What all queues of a store have in common; one object for all, because there may be a hundred thousand queues.</summary>
/// <param name="FileSystem">The disk.</param>
/// <param name="Directory">The store's <c>consumequeue</c>.</param>
/// <param name="FileBytes">Size of each file.</param>
/// <param name="OpenFiles">Bounds the descriptors.</param>
/// <param name="LogMinOffset">First offset of the log.</param>
/// <param name="LogEndOffset">End of the log's last file.</param>
/// <param name="Logger">The store's.</param>
internal sealed record QueueEnvironment(IStoreFileSystem FileSystem, string Directory, int FileBytes, OpenQueueFiles OpenFiles, Func<long> LogMinOffset, Func<long> LogEndOffset, ILogger Logger)
{
    private volatile bool _isRecovering = true;

    /// <summary>Until the store runs: whoever dispatches may wait for the disk, and nobody else writes.</summary>
    public bool IsRecovering
    {
        get => _isRecovering;
        set => _isRecovering = value;
    }

    public int UnitsPerFile { get; } = FileBytes / ConsumeQueueUnit.Size;
}
