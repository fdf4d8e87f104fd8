using System.Collections.Concurrent;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Delay;

/// <summary>How far each delay level has been delivered; kept in delayOffset.json. What was delivered after the last write is delivered again after a kill.</summary>
internal sealed class DelayOffsetTable
{
    private readonly ConcurrentDictionary<int, long> _offsets = new();
    private readonly OffsetFile _file;

    public DelayOffsetTable(BrokerSettings settings, IStoreFileSystem fileSystem, TimeProvider time)
    {
        _file = new OffsetFile(
            Path.Combine(settings.Current.StoreRoot, "config", "delayOffset.json"),
            version => OffsetFileWriter.WriteDelayOffsets(version, [.. _offsets.OrderBy(static entry => entry.Key)]),
            fileSystem,
            time);
    }

    public void Load()
    {
        foreach ((int level, long offset) in _file.Read(BrokerJson.Default.DelayOffsetFile)?.Offsets ?? [])
        {
            _offsets[level] = offset;
        }
    }

    public long Get(int level) => _offsets.GetValueOrDefault(level);

    public void Set(int level, long offset)
    {
        _offsets[level] = offset;
        _file.CountChange();
    }

    /// <summary>The table as JSON, as it stands in the file and as GET_ALL_DELAY_OFFSET answers it.</summary>
    public byte[] Serialize() => _file.Serialize();

    /// <inheritdoc cref="OffsetFile.PersistAsync"/>
    public Task PersistAsync() => _file.PersistAsync();
}
