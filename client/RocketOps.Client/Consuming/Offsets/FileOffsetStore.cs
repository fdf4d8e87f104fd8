using System.Text.Json;
using Microsoft.Extensions.Logging;
using RocketOps.Client.Diagnostics;
using RocketOps.Client.Json;
using RocketOps.Hosting.Files;

namespace RocketOps.Client.Consuming.Offsets;

/// <summary>
/// Offsets of a broadcasting group: every member has its own, in a file. The content before lies beside it (<c>.bak</c>, as with
/// LocalFileOffsetStore) and is read when the file is damaged or gone: what was
/// handled since then comes once more.
/// </summary>
/// <remarks>
/// With both damaged, nobody knows where this member was. They are set aside (<c>.damaged</c>) and reported as an error, and it begins
/// where the program says that a member without offsets begins. Where the
/// program says nothing, it begins with the oldest messages: to handle them again is what handlers must bear, and what is skipped never
/// comes.
/// </remarks>
internal sealed class FileOffsetStore : IOffsetStore
{
    private const string BackupSuffix = ".bak";
    private const string DamagedSuffix = ".damaged";

    private readonly string _path;
    private readonly DurableFile _file;
    private readonly DurableFile _backup;
    private readonly ConsumeFromWhere? _from;
    private readonly ILogger _logger;
    private readonly OffsetTable _table = new();
    private readonly SemaphoreSlim _writer = new(1, 1);
    private readonly Lock _reader = new();
    private Stored? _stored;
    private byte[]? _written;

    /// <param name="path">The file.</param>
    /// <param name="from">Where the program says that a member without offsets begins; null when it does not say.</param>
    /// <param name="logger">Gets what is wrong with the files.</param>
    /// <param name="flushFolder">Makes renames in a folder durable; null for fsync(2).</param>
    public FileOffsetStore(string path, ConsumeFromWhere? from, ILogger logger, Action<string>? flushFolder = null)
    {
        _path = path;
        _from = from;
        _file = new DurableFile(path, flushFolder);
        _backup = new DurableFile(path + BackupSuffix, flushFolder);
        _logger = logger;
    }

    /// <summary>The file of a group: one per client id and group, as two members may run on one machine.</summary>
    public static string PathFor(PushConsumerOptions options, string clientId)
    {
        string folder = options.BroadcastOffsetFolder ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".rocketops", "offsets");

        // Group names may hold a percent sign and nothing else that a path minds.
        return Path.Combine(folder, clientId, options.Group + ".json");
    }

    public Task<long?> LoadAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        try
        {
            Stored stored = Read();
            return Task.FromResult(stored.Offsets.TryGetValue(queue, out long offset) ? offset : stored.AreLost && _from is null ? 0 : (long?)null);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The files may be whole: another rebalance may be able to read them.
            throw new RocketMqException($"the offsets in {_path} cannot be read: {failure.Message}", failure) { Reason = RocketMqErrorReason.LocalStorage };
        }
    }

    public long? Find(MessageQueue queue) => _table.Find(queue);

    public void Note(MessageQueue queue, long offset) => _table.Note(queue, offset);

    public void Move(MessageQueue queue, long offset, bool byBroker) => _table.Move(queue, offset);

    public void Forget(MessageQueue queue)
    {
        // A queue that leaves the route for a while keeps its place in the file.
    }

    public async Task<RocketMqException?> CommitAsync(IEnumerable<MessageQueue> queues, CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Stored stored = Read();
            Dictionary<MessageQueue, long> all = new(stored.Offsets);
            foreach ((MessageQueue queue, long offset) in _table.All)
            {
                all[queue] = offset;
            }

            byte[] json = JsonSerializer.SerializeToUtf8Bytes(
                new BroadcastOffsets { Offsets = [.. all.OrderBy(static pair => pair.Key).Select(static pair => new BroadcastOffset(pair.Key, pair.Value))] },
                WireJson.Default.BroadcastOffsets);
            _written ??= stored.Content;
            if (!json.AsSpan().SequenceEqual(_written))
            {
                // Step by step: whenever this is cut off, one of the two files is whole, and what the backup gets was in the file before.
                if (_written.Length > 0)
                {
                    await _backup.WriteAsync(_written).ConfigureAwait(false);
                }

                await _file.WriteAsync(json).ConfigureAwait(false);
                _written = json;
            }

            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            ClientLog.BroadcastOffsetsFailed(_logger, _path, failure.Message);
            return new RocketMqException($"the offsets cannot be written to {_path}: {failure.Message}", failure) { Reason = RocketMqErrorReason.LocalStorage };
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>
    /// Content of the files, read once. Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when they cannot be
    /// read; then the next call reads them.
    /// </summary>
    private Stored Read()
    {
        lock (_reader)
        {
            return _stored ??= ReadFiles();
        }
    }

    private Stored ReadFiles()
    {
        string backup = _path + BackupSuffix;
        (byte[]? content, Dictionary<MessageQueue, long>? offsets) = Parse(_path);
        if (offsets is not null)
        {
            return new Stored(offsets, content!, AreLost: false);
        }

        (byte[]? older, offsets) = Parse(backup);
        if (offsets is not null)
        {
            // The backup stays as it is until the file is whole again.
            ClientLog.BroadcastOffsetsFromBackup(_logger, _path, content is null ? "missing" : "damaged", backup);
            return new Stored(offsets, [], AreLost: false);
        }

        if (content is null && older is null)
        {
            return new Stored([], [], AreLost: false);
        }

        SetAside(_path);
        SetAside(backup);
        ClientLog.BroadcastOffsetsLost(_logger, _path, _path + DamagedSuffix, (_from ?? ConsumeFromWhere.FirstOffset).ToString());
        return new Stored([], [], AreLost: true);
    }

    private static void SetAside(string path)
    {
        if (File.Exists(path))
        {
            File.Move(path, path + DamagedSuffix, overwrite: true);
        }
    }

    // Null for a file that is not there, and no offsets for one that is damaged.
    private static (byte[]? Content, Dictionary<MessageQueue, long>? Offsets) Parse(string path)
    {
        if (!File.Exists(path))
        {
            return (null, null);
        }

        byte[] content = File.ReadAllBytes(path);
        try
        {
            if (JsonSerializer.Deserialize(content, WireJson.Default.BroadcastOffsets) is not { Offsets: { } entries } || entries.Any(static entry => entry?.Queue is null || entry.Offset < 0))
            {
                return (content, null);
            }

            Dictionary<MessageQueue, long> offsets = [];
            foreach (BroadcastOffset entry in entries)
            {
                // A file that somebody edited may name a queue twice: the smaller offset skips nothing.
                offsets[entry.Queue] = Math.Min(entry.Offset, offsets.GetValueOrDefault(entry.Queue, long.MaxValue));
            }

            return (content, offsets);
        }
        catch (JsonException)
        {
            return (content, null);
        }
    }

    /// <param name="Offsets">Where this member was.</param>
    /// <param name="Content">What the file holds; empty when it is not there or damaged.</param>
    /// <param name="AreLost">There were offsets, and they cannot be had.</param>
    private sealed record Stored(Dictionary<MessageQueue, long> Offsets, byte[] Content, bool AreLost);
}
