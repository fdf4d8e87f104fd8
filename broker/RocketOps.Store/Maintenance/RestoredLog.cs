using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Store.Maintenance;

/// <summary>
/// Keeps a log that comes with old file times, as a restored copy does, for the full retention from its start. Rule: where no file of the
/// log was written for longer than <c>fileReservedTime</c>, all files count as written at this start, and get that time. A broker that ran
/// writes its newest file; so a restart finds one that is younger, and the rest expires by the times they have: restarts do not keep files
/// for ever.
/// </summary>
internal sealed partial class RestoredLog(StoreOptions options, IStoreFileSystem files, TimeProvider time, ILogger logger)
{
    private const long MiB = 1024 * 1024;

    /// <summary>
    /// Called before recovery, which writes to files. Throws <see cref="StoreIOException"/> when the folder cannot be read.
    /// </summary>
    public void Keep()
    {
        string[] log =
        [
            .. files.List(options.CommitLogPath)
                .Where(static entry => !entry.IsDirectory && entry.Name.Length == 20
                    && long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                .Select(entry => Path.Combine(options.CommitLogPath, entry.Name))
                .Order(StringComparer.Ordinal),
        ];
        if (log.Length < 2)
        {
            // The newest file is never removed.
            return;
        }

        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset newest = log.Max(files.GetLastWriteTime);
        if (now - newest <= TimeSpan.FromHours(options.Tuning.FileReservedHours))
        {
            return;
        }

        try
        {
            foreach (string path in log)
            {
                files.SetLastWriteTime(path, now);
            }

            LogKept(
                options.CommitLogPath, (long)(now - newest).TotalHours, options.Tuning.FileReservedHours, log.Length - 1,
                    (log.Length - 1) * (long)options.CommitLogFileBytes / MiB, log[0], log[^2]);
        }
        catch (StoreIOException e)
        {
            LogNotKept(options.CommitLogPath, e.Message);
        }
    }

    [LoggerMessage(EventId = 2506, Level = LogLevel.Warning, Message = "No file of the commit log in {Folder} was written for {Hours} hours, which is longer than fileReservedTime "
        + "({Reserved} hours): the folder is a copy that "
        + "was restored, or the broker did not run for long. {Files} files ({MiB} MiB) would have been removed, from {First} to {Last}. "
            + "They count as written now, and are kept for fileReservedTime from this start")]
    private partial void LogKept(string folder, long hours, int reserved, int files, long miB, string first, string last);

    [LoggerMessage(EventId = 2507, Level = LogLevel.Error, Message = "The commit log in {Folder} was not written for longer than "
        + "fileReservedTime, and its files could not be given the time of this start: retention may remove "
        + "them soon. Set fileReservedTime higher if they are needed: {Reason}")]
    private partial void LogNotKept(string folder, string reason);
}
