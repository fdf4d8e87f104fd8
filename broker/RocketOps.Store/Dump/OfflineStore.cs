using System.Globalization;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Indexing;
using RocketOps.Store.Log;
using RocketOps.Store.Recovery;

namespace RocketOps.Store.Dump;

/// <summary>
/// A store directory opened for looking only, whoever wrote it. File sizes are taken from the files, so that no configuration is needed. Nothing is locked or
/// changed; of a store in use a moment's state is seen.
/// </summary>
internal sealed class OfflineStore : IDisposable
{
    private readonly IStoreFileSystem _files;
    private readonly List<string> _problems = [];

    private OfflineStore(IStoreFileSystem files, string root, LogSegments segments)
    {
        _files = files;
        Root = root;
        Segments = segments;
    }

    public string Root { get; }

    public LogSegments Segments { get; }

    /// <summary>Problems of the names and lengths of files.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Opens it. <paramref name="commitLog"/>: directory of its log; null for <c>commitlog</c> below the root.</summary>
    public static OfflineStore Open(IStoreFileSystem files, string root, string? commitLog = null)
    {
        if (!files.DirectoryExists(root))
        {
            throw new StoreException($"{root} is no directory.");
        }

        string directory = commitLog ?? Path.Combine(root, "commitlog");
        List<(string Path, long Offset)> found = Numbered(files, directory);
        List<(string Path, long Offset, IStoreFile File)> opened = [];
        foreach ((string path, long offset) in found)
        {
            opened.Add((path, offset, files.Open(path, FileOpenMode.Read)));
        }

        int fileBytes = opened.Count == 0 ? 4096 : (int)Math.Clamp(opened.Max(file => file.File.Length), 1, int.MaxValue);
        OfflineStore store = new(files, root, new LogSegments(fileBytes));
        foreach ((string path, long offset, IStoreFile file) in opened)
        {
            store.AddSegment(path, offset, file);
        }

        return store;
    }

    public bool HasAbort => _files.FileExists(Path.Combine(Root, "abort"));

    public Checkpoint? ReadCheckpoint()
    {
        string path = Path.Combine(Root, "checkpoint");
        return _files.FileExists(path) ? Checkpoint.Read(ReadStart(path, Checkpoint.FileBytes)) : null;
    }

    /// <summary>Text of a file below <c>config</c>, null when there is none. Bounded: these files are a few megabytes at most.</summary>
    public byte[]? ReadConfig(string name)
    {
        string path = Path.Combine(Root, "config", name);
        return _files.FileExists(path) ? ReadStart(path, 64 * 1024 * 1024) : null;
    }

    /// <summary>Topics and queue ids that have a directory, of plain queues and of batch consume queues.</summary>
    public IEnumerable<OfflineQueue> Queues() => Queues("consumequeue", isBatch: false).Concat(Queues("batchconsumequeue", isBatch: true));

    /// <summary>The written units of a queue, filler left out, up to the first place where nothing was written.</summary>
    public IEnumerable<OfflineUnit> Units(OfflineQueue queue)
    {
        int unitBytes = queue.IsBatch ? BatchUnit.Size : ConsumeQueueUnit.Size;
        byte[] chunk = new byte[unitBytes * 1000];
        foreach ((string path, long offset) in Numbered(_files, queue.Directory))
        {
            using IStoreFile file = _files.Open(path, FileOpenMode.Read);
            for (long at = 0; ;)
            {
                int read = file.Read(chunk, at);
                read -= read % unitBytes;
                if (read == 0)
                {
                    break;
                }

                for (int i = 0; i < read; i += unitBytes)
                {
                    OfflineUnit unit = queue.IsBatch
                        ? OfflineUnit.Of(BatchUnit.Read(chunk.AsSpan(i)))
                        : new OfflineUnit((offset + at + i) / unitBytes, 1, ConsumeQueueUnit.Read(chunk.AsSpan(i)));
                    if (!unit.Unit.IsWritten)
                    {
                        yield break;
                    }

                    if (!unit.Unit.IsFiller)
                    {
                        yield return unit;
                    }
                }

                at += read;
            }
        }
    }

    /// <summary>The extensions of a queue's units; of a queue without any an empty one. The caller disposes it.</summary>
    public OfflineExt Ext(string topic, int queueId) =>
        new(_files, Numbered(_files, Path.Combine(Root, "consumequeue_ext", topic, queueId.ToString(CultureInfo.InvariantCulture))));

    /// <summary>Index files, oldest first: name, length, header.</summary>
    public IEnumerable<(string Name, long Length, IndexHeader Header)> IndexFiles()
    {
        string directory = Path.Combine(Root, "index");
        foreach (FileEntry entry in _files.List(directory).Where(entry => !entry.IsDirectory).OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            if (long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                using IStoreFile file = OpenIndex(entry.Name);
                byte[] header = new byte[IndexLayout.HeaderBytes];
                if (file.Read(header, 0) == header.Length)
                {
                    yield return (entry.Name, file.Length, IndexHeader.Read(header));
                }
            }
        }
    }

    public IStoreFile OpenIndex(string name) => _files.Open(Path.Combine(Root, "index", name), FileOpenMode.Read);

    public void Dispose() => Segments.CloseAll();

    private static List<(string Path, long Offset)> Numbered(IStoreFileSystem files, string directory)
    {
        List<(string Path, long Offset)> found = [];
        foreach (FileEntry entry in files.List(directory))
        {
            if (!entry.IsDirectory && entry.Name.Length == 20 && long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
            {
                found.Add((Path.Combine(directory, entry.Name), offset));
            }
        }

        found.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        return found;
    }

    private void AddSegment(string path, long offset, IStoreFile file)
    {
        if (file.Length != Segments.FileBytes)
        {
            _problems.Add($"{path} has {file.Length} bytes, other files of the log have {Segments.FileBytes}");
        }

        if (Segments.All.Count > 0 && offset != Segments.EndOffset)
        {
            _problems.Add($"{path} does not follow the file before it, which ends at {Segments.EndOffset}: it is left out");
            file.Dispose();
            return;
        }

        Segments.Add(new LogSegment(offset, file));
    }

    private IEnumerable<OfflineQueue> Queues(string kind, bool isBatch)
    {
        string root = Path.Combine(Root, kind);
        foreach (string topic in Directories(root))
        {
            List<int> ids = [];
            foreach (string name in Directories(Path.Combine(root, topic)))
            {
                if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                {
                    ids.Add(id);
                }
            }

            ids.Sort();
            foreach (int id in ids)
            {
                yield return new OfflineQueue(topic, id, isBatch, Path.Combine(root, topic, id.ToString(CultureInfo.InvariantCulture)));
            }
        }
    }

    private List<string> Directories(string path) =>
        [.. _files.List(path).Where(entry => entry.IsDirectory).Select(entry => entry.Name).Order(StringComparer.Ordinal)];

    private byte[] ReadStart(string path, int maxBytes)
    {
        using IStoreFile file = _files.Open(path, FileOpenMode.Read);
        byte[] bytes = new byte[(int)Math.Min(file.Length, maxBytes)];
        int length = file.Read(bytes, 0);
        return bytes[..length];
    }
}

/// <summary>A queue of a store that is looked at.</summary>
internal sealed record OfflineQueue(string Topic, int QueueId, bool IsBatch, string Directory);

/// <summary>A unit of such a queue: the queue offset of its first message, how many it stands for, and what it points to. Units of batch consume queues have a store time.</summary>
internal readonly record struct OfflineUnit(long QueueOffset, int Count, ConsumeQueueUnit Unit, long StoreTimestamp = 0)
{
    public static OfflineUnit Of(in BatchUnit unit) => new(unit.BaseOffset, unit.Count, unit.IsWritten ? unit.Unit : default, unit.StoreTimestamp);
}
