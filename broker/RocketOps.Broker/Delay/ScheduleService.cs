using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Topics;
using RocketOps.Store;

namespace RocketOps.Broker.Delay;

/// <summary>
/// Delivers delayed messages: one loop per level reads its queue of the schedule topic in order, waits until the first message is due, and stores it again under its
/// real topic. An idle level sleeps until a message arrives; nothing polls. Runs on masters only. Source: remoting.md §5.2.
/// </summary>
internal sealed partial class ScheduleService : IMessageArrivedObserver, IAsyncDisposable
{
    /// <summary>After a delivery that the store refused.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>Timers take no longer waits than some weeks; a level of a day is looked at again each hour.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly BrokerSettings _settings;
    private readonly MessageStore _store;
    private readonly MessageAppender _appender;
    private readonly BrokerAddress _address;
    private readonly DelayOffsetTable _offsets;
    private readonly TimeProvider _time;
    private readonly ILogger<ScheduleService> _logger;
    private readonly StoreTopic _schedule;
    private readonly SemaphoreSlim[] _arrivals;
    private readonly CancellationTokenSource _stopping = new();
    private Task _loops = Task.CompletedTask;

    public ScheduleService(
        BrokerSettings settings, MessageStore store, MessageAppender appender, BrokerAddress address, DelayOffsetTable offsets, TimeProvider time, ILogger<ScheduleService> logger)
    {
        _settings = settings;
        _store = store;
        _appender = appender;
        _address = address;
        _offsets = offsets;
        _time = time;
        _logger = logger;
        _schedule = store.GetOrAddTopic(Encoding.UTF8.GetBytes(TopicNames.Schedule));
        _arrivals = [.. Enumerable.Range(0, settings.Current.DelayLevels.MaxLevel).Select(static _ => new SemaphoreSlim(0, 1))];
    }

    public void Start() => _loops = Task.WhenAll(Enumerable.Range(1, _arrivals.Length).Select(level => Task.Run(() => RunAsync(level, _stopping.Token))));

    public void OnArrived(in MessageArrival message)
    {
        if (ReferenceEquals(message.Topic, _schedule) && (uint)message.QueueId < (uint)_arrivals.Length)
        {
            SemaphoreSlim arrival = _arrivals[message.QueueId];
            if (arrival.CurrentCount == 0)
            {
                Signal(arrival);
            }
        }
    }

    public void OnRoundCompleted()
    {
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loops;
        _stopping.Dispose();
    }

    private static void Signal(SemaphoreSlim arrival)
    {
        try
        {
            arrival.Release();
        }
        catch (SemaphoreFullException)
        {
            // Signalled already; one signal is enough.
        }
    }

    private async Task RunAsync(int level, CancellationToken cancellationToken)
    {
        TimeSpan delay = _settings.Current.DelayLevels.DelayOf(level);
        GetResult result = new();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                TimeSpan? wait = await DeliverDueAsync(level, delay, result, cancellationToken);
                if (wait is null)
                {
                    await _arrivals[level - 1].WaitAsync(cancellationToken);
                }
                else if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait.Value < LongestWait ? wait.Value : LongestWait, _time, cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogLevelFailed(error, level, _offsets.Get(level));
                await Task.Delay(TimeSpan.FromSeconds(10), _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Delivers what is due from one read; returns how long to wait for the next, null when the queue is empty.</summary>
    private async Task<TimeSpan?> DeliverDueAsync(int level, TimeSpan delay, GetResult result, CancellationToken cancellationToken)
    {
        long offset = _offsets.Get(level);
        GetStatus status = await _store.GetMessagesAsync(_schedule, level - 1, offset, new GetLimits(32), filter: null, result, cancellationToken);
        if (status != GetStatus.Found)
        {
            return status is GetStatus.OffsetTooSmall or GetStatus.OffsetOverflowBadly or GetStatus.OffsetFoundNull or GetStatus.MessageWasRemoving && result.NextBeginOffset != offset
                ? MoveTo(level, result.NextBeginOffset)
                : null;
        }

        byte[] records = new byte[result.TotalBytes];
        if (!await _store.CopyMessagesAsync(result, records, cancellationToken))
        {
            return RetryDelay;
        }

        int position = 0;
        for (int i = 0; i < result.Count; i++)
        {
            int size = MessageRecord.SizeAt(records.AsSpan(position));
            ReadOnlyMemory<byte> record = records.AsMemory(position, size);
            position += size;

            // Its own, not counted: the read passes over offsets without a message.
            long at = MessageRecord.Parse(record.Span).QueueOffset;
            TimeSpan left = TimeLeft(record.Span, delay);
            if (left > TimeSpan.Zero)
            {
                return left;
            }

            AppendOutcome outcome = await DeliverAsync(record);
            if (outcome.Status is AppendStatus.Busy or AppendStatus.DiskFull or AppendStatus.ServiceNotAvailable or AppendStatus.FileCreationFailed)
            {
                return RetryDelay;
            }

            if (outcome.Status != AppendStatus.Ok)
            {
                LogUndeliverable(level, at, outcome.Status);
            }

            _offsets.Set(level, at + 1);
        }

        return TimeSpan.Zero;
    }

    private TimeSpan MoveTo(int level, long offset)
    {
        _offsets.Set(level, offset);
        return TimeSpan.Zero;
    }

    private TimeSpan TimeLeft(ReadOnlySpan<byte> record, TimeSpan delay)
    {
        DateTimeOffset due = DateTimeOffset.FromUnixTimeMilliseconds(MessageRecord.Parse(record).StoreTimestamp) + delay;
        TimeSpan left = due - _time.GetUtcNow();
        // As RocketMQ: with a clock that was set back, no message waits longer than its level says.
        return left < delay ? left : delay;
    }

    private ValueTask<AppendOutcome> DeliverAsync(ReadOnlyMemory<byte> bytes)
    {
        MessageRecord record = MessageRecord.Parse(bytes.Span);
        MessageProperties properties = MessageProperties.Parse(record.Properties);
        string? topic = properties.Get(PropertyNames.RealTopic);
        if (topic is null || TopicNames.FindProblem(topic) is not null || !int.TryParse(properties.Get(PropertyNames.RealQueueId), NumberStyles.None, CultureInfo.InvariantCulture, out int queueId))
        {
            return new ValueTask<AppendOutcome>(new AppendOutcome(AppendStatus.MessageIllegal, default, DurabilityOutcome.Failed));
        }

        properties.Remove(PropertyNames.Delay).Remove(PropertyNames.TimerDeliverMs).Remove(PropertyNames.TimerDelaySeconds);
        return _appender.AppendAsync(
            new StoredMessage
            {
                Topic = _store.GetOrAddTopic(Encoding.UTF8.GetBytes(topic)),
                QueueId = queueId,
                Flag = record.Flag,
                SysFlag = record.SysFlag,
                BornTimestamp = record.BornTimestamp,
                BornHost = record.BornHost,
                StoreHost = _address.StoreHost,
                ReconsumeTimes = record.ReconsumeTimes,
                Body = record.Body.ToArray(),
                Properties = properties.Encode(),
            },
            waitForDisk: false);
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Error, Message = "Delivering delay level {Level} failed at queue offset {Offset}; tried again in 10 s")]
    private partial void LogLevelFailed(Exception error, int level, long offset);

    [LoggerMessage(EventId = 3202, Level = LogLevel.Error, Message = "The delayed message at offset {Offset} of level {Level} cannot be delivered ({Status}) and is passed over")]
    private partial void LogUndeliverable(int level, long offset, AppendStatus status);
}
