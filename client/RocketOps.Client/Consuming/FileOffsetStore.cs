using System.Text.Json;
using Microsoft.Extensions.Logging;
using RocketOps.Client.Internal;
using RocketOps.Client.Json;
using RocketOps.Hosting.Files;

namespace RocketOps.Client.Consuming;

/// <summary>Offsets of a broadcasting group: every member has its own, in a file.</summary>
internal sealed class FileOffsetStore : IOffsetStore
{
    private readonly string _path;
    private readonly DurableFile _file;
    private readonly ILogger _logger;
    private readonly OffsetTable _table = new();
    private readonly SemaphoreSlim _writer = new(1, 1);
    private readonly Lazy<Dictionary<MessageQueue, long>> _stored;
    private byte[] _written = [];

    public FileOffsetStore(string path, ILogger logger)
    {
        _path = path;
        _file = new DurableFile(path);
        _logger = logger;
        // A read that failed is tried again with the next rebalance.
        _stored = new Lazy<Dictionary<MessageQueue, long>>(Read, LazyThreadSafetyMode.PublicationOnly);
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
            return Task.FromResult(_stored.Value.TryGetValue(queue, out long offset) ? (long?)offset : null);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            // Starting without offsets would deliver everything again or skip messages; that is for the user to decide.
            throw new RocketMqException($"the offsets in {_path} cannot be read: {failure.Message}", failure);
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
            Dictionary<MessageQueue, long> all = new(_stored.Value);
            foreach ((MessageQueue queue, long offset) in _table.All)
            {
                all[queue] = offset;
            }

            byte[] json = JsonSerializer.SerializeToUtf8Bytes(
                new BroadcastOffsets { Offsets = [.. all.OrderBy(static pair => pair.Key).Select(static pair => new BroadcastOffset(pair.Key, pair.Value))] },
                ClientJson.Default.BroadcastOffsets);
            if (!json.AsSpan().SequenceEqual(_written))
            {
                await _file.WriteAsync(json).ConfigureAwait(false);
                _written = json;
            }

            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            ClientLog.BroadcastOffsetsFailed(_logger, _path, failure.Message);
            return new RocketMqException($"the offsets cannot be written to {_path}: {failure.Message}", failure);
        }
        finally
        {
            _writer.Release();
        }
    }

    private Dictionary<MessageQueue, long> Read()
    {
        if (!File.Exists(_path))
        {
            return [];
        }

        BroadcastOffsets? stored = JsonSerializer.Deserialize(File.ReadAllBytes(_path), ClientJson.Default.BroadcastOffsets);
        Dictionary<MessageQueue, long> offsets = [];
        foreach (BroadcastOffset entry in stored?.Offsets ?? [])
        {
            // A file that somebody edited may name a queue twice: the smaller offset skips nothing.
            offsets[entry.Queue] = Math.Min(entry.Offset, offsets.GetValueOrDefault(entry.Queue, long.MaxValue));
        }

        return offsets;
    }
}
