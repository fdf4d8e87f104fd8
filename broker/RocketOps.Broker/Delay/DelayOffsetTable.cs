using System.Buffers;
using System.Collections.Concurrent;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Broker.Offsets;
using RocketOps.Store;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Delay;

/// <summary>
/// How far each delay level has been delivered; kept in delayOffset.json. What was delivered after the last write is delivered again after a kill. The file never says
/// that a message was delivered whose copy a power cut could still take from the log: the message would be lost, however long its original has been on the disk.
/// </summary>
internal sealed class DelayOffsetTable
{
    private readonly ConcurrentDictionary<int, long> _offsets = new();
    private readonly OffsetFile _file;
    private readonly Func<LogMark, Task<WaitOutcome>> _whenDurable;
    private readonly Lock _copiesLock = new();
    private readonly Dictionary<int, DeliveryHistory> _delivered = [];
    private LogMark _copiesEnd;

    /// <param name="settings">For the file's place.</param>
    /// <param name="whenDurable">Completes when the log, in which the copies of delivered messages are, is on the disk up to a mark.</param>
    /// <param name="fileSystem">Where the file is.</param>
    /// <param name="time">For the file's version.</param>
    public DelayOffsetTable(BrokerSettings settings, Func<LogMark, Task<WaitOutcome>> whenDurable, IStoreFileSystem fileSystem, TimeProvider time)
    {
        _whenDurable = whenDurable;
        _file = new OffsetFile(
            Path.Combine(settings.Current.StoreRoot, "config", "delayOffset.json"),
            version =>
            {
                // Taken before the copies are waited for.
                KeyValuePair<int, long>[] levels = OffsetFileWriter.Sorted(_offsets);
                return output => OffsetFileWriter.WriteDelayOffsets(output, version, levels);
            },
            fileSystem,
            time,
            WaitForCopiesAsync);
    }

    public void Load()
    {
        foreach ((int level, long offset) in _file.Read(BrokerJson.Default.DelayOffsetFile)?.Offsets ?? [])
        {
            _offsets[level] = offset;
        }
    }

    /// <summary>A slave takes over its master's progress, when all copies of what that calls delivered lie before <paramref name="copiesEnd"/>.</summary>
    public void Follow(DelayOffsetFile offsets, LogMark copiesEnd)
    {
        foreach ((int level, long offset) in offsets.Offsets ?? [])
        {
            if (Get(level) < offset)
            {
                SetDelivered(level, offset, copiesEnd);
            }
            else if (Get(level) > offset)
            {
                Set(level, offset);
            }
        }
    }

    public long Get(int level) => _offsets.GetValueOrDefault(level);

    /// <summary>The level goes on at <paramref name="offset"/>; nothing before it has to be delivered.</summary>
    public void Set(int level, long offset)
    {
        _offsets[level] = offset;
        _file.CountChange();
    }

    /// <summary>As <see cref="Set"/>, when the messages before <paramref name="offset"/> were stored again and these copies lie before <paramref name="copiesEnd"/>.</summary>
    public void SetDelivered(int level, long offset, LogMark copiesEnd)
    {
        // First the copies' end: whoever sees the offset sees an end that covers it.
        lock (_copiesLock)
        {
            if (!_delivered.TryGetValue(level, out DeliveryHistory? history))
            {
                history = new DeliveryHistory();
                _delivered.Add(level, history);
            }

            history.Add(Get(level), copiesEnd.Offset);

            // A cut of the log makes durable what it leaves: then only what came later is still to be waited for.
            if (copiesEnd.Generation > _copiesEnd.Generation || (copiesEnd.Generation == _copiesEnd.Generation && copiesEnd.Offset > _copiesEnd.Offset))
            {
                _copiesEnd = copiesEnd;
            }
        }

        Set(level, offset);
    }

    /// <summary>
    /// The log was cut while nobody delivered: messages whose copies are gone are to be delivered again, and no level is further than its queue, as RocketMQ corrects its
    /// offsets when it loads them. What was delivered before the start of this process is not known; its copies are taken for kept.
    /// </summary>
    /// <param name="end">Where the log ends now, all of it durable.</param>
    /// <param name="queueOf">Where the queue of a level begins and ends.</param>
    public async Task CutAsync(PhysicalOffset end, Func<int, ValueTask<QueueOffsets>> queueOf)
    {
        lock (_copiesLock)
        {
            _copiesEnd = default;
            foreach ((int level, DeliveryHistory history) in _delivered)
            {
                if (history.Cut(end) is { } from)
                {
                    Set(level, Math.Min(from, Get(level)));
                }
            }
        }

        foreach (int level in _offsets.Keys)
        {
            QueueOffsets queue = await queueOf(level);
            if (Get(level) > queue.Max)
            {
                Set(level, queue.Max);
            }
        }
    }

    /// <summary>The table as JSON, as it stands in the file and as GET_ALL_DELAY_OFFSET answers it.</summary>
    public ReadOnlyMemory<byte> Serialize()
    {
        ArrayBufferWriter<byte> output = new();
        _file.WriteTo(output);
        return output.WrittenMemory;
    }

    /// <inheritdoc cref="OffsetFile.PersistAsync"/>
    public Task PersistAsync() => _file.PersistAsync();

    private async Task WaitForCopiesAsync()
    {
        LogMark end;
        lock (_copiesLock)
        {
            end = _copiesEnd;
        }

        WaitOutcome outcome = await _whenDurable(end);
        if (outcome != WaitOutcome.Reached)
        {
            throw new IOException($"the messages delivered last are not on the disk ({outcome}), so their delivery is not noted");
        }
    }
}
