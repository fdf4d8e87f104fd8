using System.Collections.Concurrent;
using System.Text.Json;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Persistence;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Delay;

/// <summary>How far each delay level has been delivered; kept in delayOffset.json. What was delivered after the last write is delivered again after a kill.</summary>
internal sealed class DelayOffsetTable
{
    private readonly ConcurrentDictionary<int, long> _offsets = new();
    private readonly TimeProvider _time;
    private readonly ConfigFile _file;
    private readonly CoalescingWriter _writer;
    private DataVersion _version;
    private long _changes;
    private long _written;

    public DelayOffsetTable(BrokerSettings settings, IStoreFileSystem fileSystem, TimeProvider time)
    {
        _time = time;
        _file = new ConfigFile(Path.Combine(settings.Current.StoreRoot, "config", "delayOffset.json"), fileSystem);
        _writer = new CoalescingWriter(WriteAsync);
        _version = new DataVersion { Timestamp = time.GetUtcNow().ToUnixTimeMilliseconds() };
    }

    public void Load()
    {
        DelayOffsetFile? content = null;
        if (_file.Read(candidate => TryParse(candidate, out content)) is null)
        {
            return;
        }

        foreach ((int level, long offset) in content?.Offsets ?? [])
        {
            _offsets[level] = offset;
        }
    }

    public long Get(int level) => _offsets.GetValueOrDefault(level);

    public void Set(int level, long offset)
    {
        _offsets[level] = offset;
        Interlocked.Increment(ref _changes);
    }

    public byte[] Serialize() => OffsetFileWriter.WriteDelayOffsets(_version, [.. _offsets.OrderBy(static entry => entry.Key)]);

    public Task PersistAsync() => Volatile.Read(ref _changes) == Volatile.Read(ref _written) ? Task.CompletedTask : _writer.WriteAsync();

    private static bool TryParse(byte[] bytes, out DelayOffsetFile? content)
    {
        try
        {
            content = BrokerJson.Read(bytes, BrokerJson.Default.DelayOffsetFile);
            return true;
        }
        catch (JsonException)
        {
            content = null;
            return false;
        }
    }

    private async Task WriteAsync()
    {
        long changes = Volatile.Read(ref _changes);
        _version = _version.Next(_time);
        await _file.WriteAsync(Serialize(), CancellationToken.None);
        Volatile.Write(ref _written, changes);
    }
}
