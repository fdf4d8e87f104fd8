using System.Globalization;
using System.Runtime.ExceptionServices;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Files;
using RocketOps.Store.Inventory;
using RocketOps.Store.Log;

namespace RocketOps.Store.Recovery;

/// <summary>
/// The queues on the disk at a start, and which of them end as the inventory says. With very many topics several threads look: each queue
/// costs a few reads at other places of the disk, which come one after the other otherwise. Changes nothing.
/// </summary>
internal sealed class QueueFolders(IStoreFileSystem files, LogSegments segments, InventoryContent inventory)
{
    /// <summary>A disk does as many reads at a time faster than one after the other.</summary>
    private const int MostThreads = 16;

    /// <summary>Fewer topics are not worth another thread.</summary>
    private const int TopicsPerThread = 256;

    /// <summary>Opens the files of a queue by its name.</summary>
    public static QueueFiles FilesOf(QueueEnvironment environment, in QueueName name) =>
        new(environment, name.Topic, name.QueueId, new Lock());

    /// <summary>Units lead from each file to the next.</summary>
    public static bool AreInOrder(QueueFiles queue, long end)
    {
        for (int i = 1; i < queue.Starts.Length && queue.Starts[i] < end; i++)
        {
            if (!queue.TryReadUnit(queue.Starts[i] - 1, out ConsumeQueueUnit before)
                || !queue.TryReadUnit(queue.Starts[i], out ConsumeQueueUnit after)
                || (!before.IsFiller && !after.IsFiller && before.PhysicalOffset >= after.PhysicalOffset))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Looks at all queues of a kind. Topics come in the order of the directory.</summary>
    /// <param name="environment">The kind.</param>
    /// <param name="compares">Whether a queue ends as the inventory says is looked up too.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    public IReadOnlyList<TopicFolder> Look(QueueEnvironment environment, bool compares, CancellationToken cancellationToken)
    {
        FileEntry[] topics = [.. files.List(environment.Directory).Where(static entry => entry.IsDirectory)];
        TopicFolder[] folders = new TopicFolder[topics.Length];
        int next = -1;
        Exception? failure = null;
        Thread[] threads = new Thread[Math.Clamp(topics.Length / TopicsPerThread, 1, MostThreads) - 1];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(LookAtMany) { Name = $"store-queues-{i}", IsBackground = true };
            threads[i].Start();
        }

        LookAtMany();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return folders;

        void LookAtMany()
        {
            try
            {
                int index;
                while (Volatile.Read(ref failure) is null && (index = Interlocked.Increment(ref next)) < topics.Length)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    folders[index] = LookAt(environment, topics[index].Name, compares);
                }
            }
            catch (Exception e)
            {
                // Thrown by the thread that started the others.
                Interlocked.CompareExchange(ref failure, e, null);
            }
        }
    }

    /// <summary>Retention has removed files of the log since the inventory was told, and the queue's with them.</summary>
    public bool HasExpired(QueueFiles queue, long expectedFirst) => queue.Starts[0] > expectedFirst
        && segments.MinOffset > inventory.LogMinOffset;

    private TopicFolder LookAt(QueueEnvironment environment, string topic, bool compares)
    {
        IReadOnlyList<FileEntry> entries = files.List(Path.Combine(environment.Directory, topic));
        List<QueueFolder> queues = new(entries.Count);
        foreach (FileEntry queue in entries)
        {
            if (!queue.IsDirectory || !int.TryParse(queue.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int queueId)
                || queueId >= StoreTopic.MaxQueues)
            {
                continue;
            }

            QueueName name = new(environment.IsBatch, topic, queueId);
            QueuePlace? expected = inventory.Queues.TryGetValue(name, out QueuePlace place) ? place : null;
            queues.Add(new QueueFolder(name, expected, compares && expected is { } known && IsAsExpected(environment, name, known)));
        }

        return new TopicFolder(topic, entries.Count, queues);
    }

    /// <summary>Tells, by one or two reads, whether a queue ends where the inventory says, and has the files in between.</summary>
    private bool IsAsExpected(QueueEnvironment environment, in QueueName name, in QueuePlace place)
    {
        if (place.End <= place.First)
        {
            return false;
        }

        long last = place.End - 1;
        long lastFile = last - (last % environment.UnitsPerFile);
        string directory = DirectoryOf(environment, name);
        bool endsFile = place.End % environment.UnitsPerFile == 0;
        Span<byte> units = stackalloc byte[2 * QueueFiles.MaxUnitBytes];
        units = units[..((endsFile ? 1 : 2) * environment.UnitBytes)];
        try
        {
            using IStoreFile file = files.Open(FilePath(environment, directory, lastFile), FileOpenMode.Read);
            if (file.Read(units, (last - lastFile) * environment.UnitBytes) < units.Length)
            {
                return false;
            }
        }
        catch (StoreIOException e) when (e.Errno == StoreIOException.NotFound)
        {
            return false;
        }

        ConsumeQueueUnit unit = ConsumeQueueUnit.Read(units);
        if (!unit.IsWritten || (place.LastPhysicalOffset < 0 ? !unit.IsFiller : unit.PhysicalOffset != place.LastPhysicalOffset))
        {
            return false;
        }

        // A queue of a later time goes on behind it.
        bool goesOn = endsFile
            ? files.FileExists(FilePath(environment, directory, lastFile + environment.UnitsPerFile))
            : ConsumeQueueUnit.Read(units[environment.UnitBytes..]).IsWritten;
        return !goesOn && (lastFile == place.First || HasFiles(environment, name, place.First, lastFile));
    }

    /// <summary>Tells whether a queue of several files has them all, and units lead from each to the next.</summary>
    private bool HasFiles(QueueEnvironment environment, in QueueName name, long first, long lastFile)
    {
        QueueFiles queue = FilesOf(environment, name);
        try
        {
            queue.List();
            return queue.Starts[^1] == lastFile && (queue.Starts[0] == first || HasExpired(queue, first))
                && AreInOrder(queue, long.MaxValue);
        }
        finally
        {
            queue.CloseAll();
        }
    }

    private static string DirectoryOf(QueueEnvironment environment, in QueueName name) =>
        Path.Combine(environment.Directory, name.Topic, name.QueueId.ToString(CultureInfo.InvariantCulture));

    private static string FilePath(QueueEnvironment environment, string directory, long firstUnit) =>
        Path.Combine(directory, (firstUnit * environment.UnitBytes).ToString("D20", CultureInfo.InvariantCulture));
}

/// <summary>Folder of a topic.</summary>
/// <param name="Name">Topic.</param>
/// <param name="Entries">Entries of the folder, those that are no queues too.</param>
/// <param name="Queues">Its queues.</param>
internal sealed record TopicFolder(string Name, int Entries, IReadOnlyList<QueueFolder> Queues);

/// <summary>Folder of a queue.</summary>
/// <param name="Name">The queue.</param>
/// <param name="Expected">Its place by the inventory; null where that does not know it.</param>
/// <param name="IsAsExpected">It ends there, and has the files in between.</param>
internal readonly record struct QueueFolder(QueueName Name, QueuePlace? Expected, bool IsAsExpected);
