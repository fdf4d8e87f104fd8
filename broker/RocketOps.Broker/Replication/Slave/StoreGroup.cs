using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Replication.Slave;

// storeGroup. Ours alone: two lines of UTF-8, each with its line end:
//   brokerClusterName=…
//   brokerName=…
// of the group whose log this store has, by the broker that led with it last, or compared it with its master's.
// Anything else counts as no file.
//
// Keep in sync: docs/formats/replication.md.

/// <summary>
/// Group whose log this store has, in a file beside it. A slave that finds another one there than it is configured for may have another
/// group's disk, and its master may be away: it serves no reads before it has led, or has compared its log with its master's once. A name
/// alone refuses nothing else, as people rename brokers. Thread-safe.
/// </summary>
/// <param name="files">The disk.</param>
/// <param name="settings">What this broker is configured for.</param>
/// <param name="logger">Told of a store of another group.</param>
internal sealed partial class StoreGroup(IStoreFileSystem files, BrokerSettings settings, ILogger logger)
{
    public const string FileName = "storeGroup";

    /// <summary>A longer file is none of ours.</summary>
    private const int MaxBytes = 4096;

    private readonly Lock _writing = new();

    // As it was read or written last; null when there is none.
    private string? _noted;
    private volatile string? _refusal;

    /// <summary>Reason why no reads are served, and what to do; null when they are.</summary>
    public string? Refusal => _refusal;

    private string Directory => settings.Current.StoreRoot;

    private string Own => $"brokerClusterName={settings.Current.ClusterName}\nbrokerName={settings.Current.BrokerName}\n";

    /// <summary>
    /// Reads what is noted. Once, before anything is served, when no other broker can write it any more. Throws
    /// <see cref="StoreIOException"/> when the disk fails.
    /// </summary>
    /// <param name="leads">This broker is the master of its group, as people say: its word counts.</param>
    public void Load(bool leads)
    {
        _noted = Read();
        if (_noted is not { } noted || noted == Own)
        {
            return;
        }

        string before = TextOf(noted);
        string now = TextOf(Own);
        if (leads)
        {
            LogRenamed(before, now, Directory);
            return;
        }

        _refusal = $"the store at {Directory} was of {before} (file {FileName}), and this broker is of {now}: it may be another group's "
            + "disk, so no reads are served before this log was compared with the master's. Start the master, or mount the right disk";
        LogRefused(_refusal);
    }

    /// <summary>
    /// This log is that of the group: this broker leads with it, or has compared it with its master's. A disk that does not take the note
    /// stops no reads.
    /// </summary>
    public void Prove()
    {
        lock (_writing)
        {
            string own = Own;
            if (_noted != own && TryWrite(own))
            {
                _noted = own;
            }
        }

        if (_refusal is not null)
        {
            _refusal = null;
            LogServed();
        }
    }

    private bool TryWrite(string own)
    {
        string path = Path.Combine(Directory, FileName);
        try
        {
            using (IStoreFile file = files.Open($"{path}.tmp", FileOpenMode.Truncate))
            {
                file.Write(Encoding.UTF8.GetBytes(own), 0);
                file.FlushData();
            }

            files.Rename($"{path}.tmp", path);
            files.FlushDirectory(Directory);
            return true;
        }
        catch (StoreIOException failure)
        {
            LogNotNoted(failure, path);
            return false;
        }
    }

    private string? Read()
    {
        string path = Path.Combine(Directory, FileName);
        if (!files.FileExists(path))
        {
            return null;
        }

        using IStoreFile file = files.Open(path, FileOpenMode.Read);
        if (file.Length > MaxBytes)
        {
            return null;
        }

        byte[] content = new byte[file.Length];
        string text = Encoding.UTF8.GetString(content, 0, file.Read(content, 0));
        return text.Split('\n') is [var cluster, var broker, ""] && cluster.StartsWith("brokerClusterName=", StringComparison.Ordinal)
            && broker.StartsWith("brokerName=", StringComparison.Ordinal) ? text : null;
    }

    private static string TextOf(string noted) => noted.TrimEnd('\n').Replace("\n", ", ", StringComparison.Ordinal);

    [LoggerMessage(EventId = 3634, Level = LogLevel.Error, Message = "This slave serves no reads: {Reason}")]
    private partial void LogRefused(string reason);

    [LoggerMessage(EventId = 3635, Level = LogLevel.Information, Message = ""
        + "This slave serves reads: its log was compared with its master's, or this broker leads")]
    private partial void LogServed();

    [LoggerMessage(EventId = 3636, Level = LogLevel.Warning, Message = ""
        + "The store at {Directory} was of {Before}, and this master is of {Now}. If the broker was not renamed, this is another broker's "
        + "disk: stop this broker and mount the right one")]
    private partial void LogRenamed(string before, string now, string directory);

    [LoggerMessage(EventId = 3637, Level = LogLevel.Warning, Message = ""
        + "{Path} could not be written: a later start does not know by it whose log this is")]
    private partial void LogNotNoted(Exception failure, string path);
}
