using RocketOps.Store.Contracts;

namespace RocketOps.Store.Log;

/// <summary>
/// Bytes of a log file that are reserved at a time. A full disk then shows ahead of need, and a store with few messages takes little. Steps
/// are large enough that the fastest disks need no more than a few a second, and at most a quarter of a file, so that small volumes are not
/// taken by one step.
/// </summary>
/// <param name="First">Step in the first file of a log: what the first message costs.</param>
/// <param name="Next">Step after that.</param>
internal readonly record struct ReserveSteps(long First, long Next)
{
    private const long MiB = 1024 * 1024;

    public static ReserveSteps Of(StoreOptions options)
    {
        // Filling writes to all of the file: what it may write to is reserved before.
        long file = options.CommitLogFileBytes;
        long most = options.ZeroFillAhead ? file : Math.Min(file, Math.Max(MiB, file / 4));
        return options.ZeroFillAhead ? new ReserveSteps(file, file) : new ReserveSteps(Math.Min(most, 16 * MiB), Math.Min(most, 64 * MiB));
    }
}
