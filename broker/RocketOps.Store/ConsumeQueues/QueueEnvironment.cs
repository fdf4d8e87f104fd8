using Microsoft.Extensions.Logging;
using RocketOps.Store.Files;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// Settings and services that all queues of a store share; one object for all, because there may be a hundred thousand queues. One more for
/// each other kind of files that a queue may have.
/// </summary>
/// <param name="FileSystem">The disk.</param>
/// <param name="Directory">The store's <c>consumequeue</c>, or the directory of the other kind.</param>
/// <param name="FileBytes">Size of each file.</param>
/// <param name="OpenFiles">Bounds the descriptors.</param>
/// <param name="LogMinOffset">First offset of the log.</param>
/// <param name="LogEndOffset">End of the log's last file.</param>
/// <param name="Logger">The store's.</param>
/// <param name="UnitBytes">Size of a unit.</param>
/// <param name="SizeKey">The configuration key of <paramref name="FileBytes"/>, for messages.</param>
internal sealed record QueueEnvironment(IStoreFileSystem FileSystem, string Directory, int FileBytes, OpenQueueFiles OpenFiles, Func<long> LogMinOffset, Func<long> LogEndOffset, ILogger Logger, int UnitBytes = ConsumeQueueUnit.Size, string SizeKey = "mappedFileSizeConsumeQueue")
{
    private volatile bool _isRecovering = true;

    /// <summary>Until the store runs: whoever dispatches may wait for the disk, and nobody else writes.</summary>
    public bool IsRecovering
    {
        get => _isRecovering;
        set
        {
            _isRecovering = value;
            Batch?.IsRecovering = value;
        }
    }

    public int UnitsPerFile { get; } = FileBytes / UnitBytes;

    /// <summary>Units may stand for several messages: <see cref="BatchUnit"/>.</summary>
    public bool IsBatch => UnitBytes == BatchUnit.Size;

    /// <summary>Environment of the queues of topics that have batch consume queues; null where this is it.</summary>
    public QueueEnvironment? Batch { get; init; }

    /// <summary>Environment of the extensions of units; null in a store that has none and is to have none.</summary>
    public QueueEnvironment? Ext { get; init; }

    /// <summary>New units get an extension (<c>enableConsumeQueueExt</c>).</summary>
    public bool WritesExt { get; init; }
}
