using System.Buffers;
using System.Collections.Concurrent;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Roles;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// Delay offset of each level, up to which it has been delivered; kept in delayOffset.json. What was delivered after the last write is
/// delivered again after a kill. The file never says that a message was delivered whose copy a power cut, or in a group that elects its
/// master another member, could still take from the log: the message would be lost, however long its original has been on the disk.
/// </summary>
internal sealed class DelayOffsetTable
{
    private readonly ConcurrentDictionary<int, RestingProgress> _levels = new();
    private readonly OffsetFile _file;
    private readonly Func<PhysicalOffset> _kept;
    private readonly Func<LogMark, Task<WaitOutcome>> _whenDurable;
    private readonly Lock _copiesLock = new();
    private LogMark _copiesEnd;

    /// <param name="settings">Settings, for the file's place.</param>
    /// <param name="kept">The end of what no change of the master takes from the log.</param>
    /// <param name="whenDurable">Completes when the log, in which the copies of delivered messages are, is on the disk up to a mark.</param>
    /// <param name="fileSystem">Where the file is.</param>
    /// <param name="time">Clock for the file's version.</param>
    public DelayOffsetTable(BrokerSettings settings, Func<PhysicalOffset> kept, Func<LogMark, Task<WaitOutcome>> whenDurable, IStoreFileSystem fileSystem, TimeProvider time)
    {
        _kept = kept;
        _whenDurable = whenDurable;
        _file = new OffsetFile(
            Path.Combine(settings.Current.StoreRoot, "config", "delayOffset.json"),
            version =>
            {
                // Taken before the copies are waited for.
                KeyValuePair<int, long>[] levels = TakeKept();
                return output => OffsetFileWriter.WriteDelayOffsets(output, version, levels);
            },
            fileSystem,
            time,
            WaitForCopiesAsync);
    }

    /// <summary>There was no file at the start, and no backup of it: how far levels were delivered is not known.</summary>
    public bool IsMissing { get; private set; }

    public void Load()
    {
        DelayOffsetFile? file = _file.Read(OffsetJson.Default.DelayOffsetFile);
        IsMissing = file is null;
        foreach ((int level, long offset) in file?.Offsets ?? [])
        {
            ProgressOf(level).Set(offset);
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

    public long Get(int level) => _levels.TryGetValue(level, out RestingProgress? progress) ? progress.Value : 0;

    /// <summary>The level goes on at <paramref name="offset"/>; nothing before it has to be delivered.</summary>
    public void Set(int level, long offset)
    {
        lock (_copiesLock)
        {
            ProgressOf(level).Set(offset);
        }

        _file.CountChange();
    }

    /// <summary>
    /// Same as <see cref="Set"/>, when the messages before <paramref name="offset"/> were stored again and these copies lie before
    /// <paramref name="copiesEnd"/>.
    /// </summary>
    public void SetDelivered(int level, long offset, LogMark copiesEnd)
    {
        lock (_copiesLock)
        {
            // A cut of the log makes durable what it leaves: then only what came later is still to be waited for.
            if (copiesEnd.Generation > _copiesEnd.Generation || (copiesEnd.Generation == _copiesEnd.Generation && copiesEnd.Offset > _copiesEnd.Offset))
            {
                _copiesEnd = copiesEnd;
            }

            ProgressOf(level).Advance(offset, copiesEnd.Offset);
        }

        _file.CountChange();
    }

    /// <summary>
    /// The log was cut while nobody delivered: messages whose copies are gone are to be delivered again, and no level is further than its queue, as RocketMQ corrects its
    /// offsets when it loads them. What was delivered before the start of this process was noted when its copies were kept.
    /// </summary>
    /// <param name="end">Where the log ends now, all of it durable.</param>
    /// <param name="queueOf">Where the queue of a level begins and ends.</param>
    public async Task CutAsync(PhysicalOffset end, Func<int, ValueTask<QueueOffsets>> queueOf)
    {
        lock (_copiesLock)
        {
            _copiesEnd = default;
            foreach (RestingProgress progress in _levels.Values)
            {
                if (progress.Cut(end) is not null)
                {
                    _file.CountChange();
                }
            }
        }

        foreach (int level in _levels.Keys)
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

    private RestingProgress ProgressOf(int level) => _levels.GetOrAdd(level, static (_, kept) => new RestingProgress(kept), _kept);

    /// <summary>Takes the offsets that are kept. What is behind counts as a change that is to be written, with the next write.</summary>
    private KeyValuePair<int, long>[] TakeKept()
    {
        lock (_copiesLock)
        {
            KeyValuePair<int, long>[] levels = [.. _levels.ToArray().OrderBy(static level => level.Key).Select(static level => KeyValuePair.Create(level.Key, level.Value.Kept))];
            if (levels.Any(level => level.Value < Get(level.Key)))
            {
                _file.CountChange();
            }

            return levels;
        }
    }

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
