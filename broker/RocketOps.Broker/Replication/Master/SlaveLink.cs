using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;

namespace RocketOps.Broker.Replication.Master;

/// <summary>
/// A master's connection to one slave: sends it the log from where it says its own ends, and notes what it acknowledges. What is sent is what consumers here may see
/// (<see cref="LogPositions.VisibleAt"/>): a slave never has what a crash takes from its master. No thread is held while there is nothing to do. Source: store.md §7.1.
/// </summary>
internal sealed partial class SlaveLink
{
    /// <summary>One send holds several frames while the slave is behind: fewer calls of the kernel.</summary>
    private const int SendBytes = 256 * 1024;

    private static readonly TimeSpan DiskBusyDelay = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// Longest delay until a follower learns what is replicated when nothing else is to be sent: under load it goes along with the log.
    /// </summary>
    private static readonly TimeSpan ReplicatedDelay = TimeSpan.FromMilliseconds(5);

    private readonly Stream _stream;
    private readonly string _address;
    private readonly CurrentOptions<ReplicationOptions> _options;
    private readonly MessageStore _store;
    private readonly SlaveTable _table;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TransferRate _rate;
    private long _acknowledged = -1;
    private long _sent = -1;
    private long _toldReplicated;
    private long _toldAt;
    private bool _wasInSync;
    private IAdmittedSlave? _admitted;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SlaveLink(Stream stream, string address, CurrentOptions<ReplicationOptions> options, MessageStore store, SlaveTable table, TimeProvider time, ILogger logger)
    {
        _stream = stream;
        _address = address;
        _options = options;
        _store = store;
        _table = table;
        _time = time;
        _logger = logger;
        _rate = new TransferRate(time);
    }

    /// <summary>Asked first, when there is one.</summary>
    public ISlaveAdmission? Admission { get; init; }

    /// <summary>Up to where the slave has the log; −1 before it has said so.</summary>
    public long Acknowledged => Volatile.Read(ref _acknowledged);

    public bool IsInSync(long end, long maxGap) => Acknowledged >= 0 && end - Acknowledged < maxGap;

    public SlaveStatus StatusAt(long end, long maxGap) =>
        new(_address, Math.Max(0, Acknowledged), Math.Max(0, Volatile.Read(ref _sent)), _rate.LastSecond, _rate.Total, IsInSync(end, maxGap));

    /// <summary>Serves the slave until either side ends it; throws nothing, the log tells why.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        if (!_table.TryAdd(this))
        {
            LogTooMany(_address, _options.Value.MaxHaConnections);
            await _stream.DisposeAsync();
            return;
        }

        try
        {
            await BothWays.RunAsync(ReadReportsAsync, SendAsync, stopping);
        }
        catch (HaRefusedException refused)
        {
            LogRefused(_address, refused.Message);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // This broker stops, or is the master no longer.
        }
        catch (Exception failure)
        {
            LogEnded(_address, Math.Max(0, Acknowledged), failure.Message);
        }
        finally
        {
            _table.Remove(this);
            _admitted?.OnEnded();
            await _stream.DisposeAsync();
        }
    }

    private async Task ReadReportsAsync(CancellationToken cancellationToken)
    {
        if (Admission is { } admission)
        {
            _admitted = await admission.AdmitAsync(_stream, cancellationToken).AsTask().WaitAsync(_options.Value.HaSilence, _time, cancellationToken);
        }

        await using WatchedReads reads = new(_stream, "the slave", _options, _time, cancellationToken);
        byte[] buffer = new byte[HaFrames.ReportBytes * 512];
        int length = 0;
        while (true)
        {
            int read = await reads.ReadAsync(buffer.AsMemory(length));
            if (read == 0)
            {
                throw new IOException("the slave closed it");
            }

            length += read;
            int at = 0;
            for (; length - at >= HaFrames.ReportBytes; at += HaFrames.ReportBytes)
            {
                OnReport(HaFrames.ReadReport(buffer.AsSpan(at)));
            }

            buffer.AsSpan(at, length - at).CopyTo(buffer);
            length -= at;
            TellSync();
            _admitted?.OnAcknowledged(Acknowledged);
            _table.OnAcknowledged();
        }
    }

    private void OnReport(long offset)
    {
        if (Volatile.Read(ref _sent) < 0)
        {
            long start = StartFor(offset);
            Volatile.Write(ref _acknowledged, offset);
            Volatile.Write(ref _sent, start);
            LogFollows(_address, offset, start);
            _started.TrySetResult();
            return;
        }

        if (offset < 0 || offset > Volatile.Read(ref _sent))
        {
            throw new HaRefusedException(
                $"it acknowledges offset {offset}, but was sent no more than {Volatile.Read(ref _sent)}: something else writes to its store; move that store away and start the slave empty");
        }

        if (offset > _acknowledged)
        {
            Volatile.Write(ref _acknowledged, offset);
        }
    }

    /// <summary>Once for each time it falls behind or has caught up.</summary>
    private void TellSync()
    {
        long end = _store.Positions.Appended.Value;
        long maxGap = _options.Value.HaMaxGap;
        bool isInSync = IsInSync(end, maxGap);
        if (isInSync == _wasInSync || Acknowledged < 0)
        {
            return;
        }

        _wasInSync = isInSync;
        if (isInSync)
        {
            LogInSync(_address, end - Acknowledged);
        }
        else
        {
            LogBehind(_address, end - Acknowledged, maxGap);
        }
    }

    /// <summary>An empty slave gets the last file only, as RocketMQ does it: older messages stay on the master alone until they expire.</summary>
    private long StartFor(long slaveEnd)
    {
        long end = _store.Positions.Get(_store.Positions.VisibleAt).Value;
        long min = _store.GetStats().MinOffset.Value;
        if (slaveEnd == 0 && _admitted is null)
        {
            return Math.Max(min, end - (end % _store.Options.CommitLogFileBytes));
        }

        if (slaveEnd < 0 || slaveEnd > _store.Positions.Appended.Value)
        {
            throw new HaRefusedException(
                $"its log ends at {slaveEnd}, behind this master's end {_store.Positions.Appended.Value}: it has messages this master does not have, or follows another master; to follow this one, move its store away and start it empty");
        }

        return slaveEnd >= min
            ? slaveEnd
            : throw new HaRefusedException($"its log ends at {slaveEnd}, and this master has deleted everything before {min}: move the slave's store away and start it empty");
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        await _started.Task.WaitAsync(cancellationToken);
        byte[] buffer = new byte[Math.Max(SendBytes, (HaFrames.HeaderBytes * 2) + _options.Value.HaBatchBytes)];
        while (true)
        {
            Task growth = _store.Growth.Next();
            Task replication = Admission is null ? growth : _store.Replication.Next();
            long end = _store.Positions.Get(_store.Positions.VisibleAt).Value;
            if (_sent < end)
            {
                await SendLogAsync(buffer, end, cancellationToken);
            }
            else if (IsWordDue)
            {
                if (!await EndsAsync(growth, ReplicatedDelay, cancellationToken))
                {
                    await _stream.WriteAsync(buffer.AsMemory(0, WriteReplicated(buffer)), cancellationToken);
                }
            }
            else if (!await EndsAsync(Admission is null ? growth : Task.WhenAny(growth, replication), Interval, cancellationToken) && !IsWordDue)
            {
                HaFrames.WriteHeader(buffer, _sent, 0);
                await _stream.WriteAsync(buffer.AsMemory(0, HaFrames.HeaderBytes), cancellationToken);
            }
        }
    }

    private TimeSpan Interval => Admission is { WordInterval: var word } && word < _options.Value.HaHeartbeatInterval ? word : _options.Value.HaHeartbeatInterval;

    private bool IsWordDue => Admission is { Serves: true } && (_store.Positions.Get(LogPosition.Replicated).Value > _toldReplicated || _time.GetElapsedTime(_toldAt) >= Interval);

    /// <summary>Tells an elected master's follower how far all copies in sync have the log, and that this master serves. Returns how many bytes that takes.</summary>
    private int WriteReplicated(Span<byte> destination)
    {
        if (!IsWordDue)
        {
            return 0;
        }

        _toldAt = _time.GetTimestamp();
        _toldReplicated = _store.Positions.Get(LogPosition.Replicated).Value;
        HaFrames.WriteHeader(destination, _toldReplicated, HaFrames.ReplicatedMark);
        return HaFrames.HeaderBytes;
    }

    /// <summary>False when the time is over first.</summary>
    private async ValueTask<bool> EndsAsync(Task awaited, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await awaited.WaitAsync(time, _time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task SendLogAsync(byte[] buffer, long end, CancellationToken cancellationToken)
    {
        ReplicationOptions now = _options.Value;
        if (_rate.DelayFor(now.HaBytesPerSecond) is { } delay)
        {
            await Task.Delay(delay, _time, cancellationToken);
        }

        long next = _sent;
        int first = WriteReplicated(buffer);
        int length = first;
        while (next < end && buffer.Length - length > HaFrames.HeaderBytes)
        {
            // A frame crosses no file: Java takes a body for bytes of one file.
            int fileBytes = _store.Options.CommitLogFileBytes;
            long most = Math.Min(Math.Min(end - next, now.HaBatchBytes), fileBytes - (next % fileBytes));
            int count = (int)Math.Min(most, buffer.Length - length - HaFrames.HeaderBytes);
            if (length > first && count < most)
            {
                // The rest of the buffer would make a frame of a few bytes.
                break;
            }

            Memory<byte> body = buffer.AsMemory(length + HaFrames.HeaderBytes, count);
            if (!_store.Reader.TryRead(new PhysicalOffset(next), body.Span))
            {
                if (length > first)
                {
                    break;
                }

                await ReadFromDiskAsync(next, body, cancellationToken);
            }

            HaFrames.WriteHeader(buffer.AsSpan(length), next, count);
            length += HaFrames.HeaderBytes + count;
            next += count;
        }

        // Before the bytes leave: the answer may be here before the send returns.
        Volatile.Write(ref _sent, next);
        _rate.Add(length);
        await _stream.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
    }

    private async Task ReadFromDiskAsync(long offset, Memory<byte> body, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await _store.Reader.ReadAsync(new PhysicalOffset(offset), body, cancellationToken))
                {
                    return;
                }

                throw new HaRefusedException($"it is so far behind that what it needs next, offset {offset}, has been deleted here (retention): move its store away and start it empty");
            }
            catch (ColdReadRefusedException)
            {
                // Consumers wait for the disk too; a slave that is behind has time.
                await Task.Delay(DiskBusyDelay, _time, cancellationToken);
            }
        }
    }

    [LoggerMessage(EventId = 3601, Level = LogLevel.Information, Message = "Slave {Address} has the log up to {Offset} and is sent it from {Start} on")]
    private partial void LogFollows(string address, long offset, long start);

    [LoggerMessage(EventId = 3602, Level = LogLevel.Error, Message = "Slave {Address} is refused: {Reason}")]
    private partial void LogRefused(string address, string reason);

    [LoggerMessage(EventId = 3603, Level = LogLevel.Warning, Message = "The connection of slave {Address}, which has the log up to {Offset}, has ended: {Reason}; it is expected to come back")]
    private partial void LogEnded(string address, long offset, string reason);

    [LoggerMessage(EventId = 3605, Level = LogLevel.Information, Message = "Slave {Address} is in sync, {Lag} bytes behind")]
    private partial void LogInSync(string address, long lag);

    [LoggerMessage(EventId = 3606, Level = LogLevel.Warning, Message = "Slave {Address} is {Lag} bytes behind and not in sync: {Max} are allowed (haMaxGapNotInSync)")]
    private partial void LogBehind(string address, long lag, long max);

    [LoggerMessage(EventId = 3604, Level = LogLevel.Error, Message = "Slave {Address} is refused: {Max} slaves are connected already (maxHaConnections)")]
    private partial void LogTooMany(string address, int max);
}
