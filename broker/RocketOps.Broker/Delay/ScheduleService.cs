using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Topics;
using RocketOps.Store;

namespace RocketOps.Broker.Delay;

/// <summary>
/// Delivers delayed messages: one loop per level reads its queue of the schedule topic in order, waits until the first message is due, and stores it again under its
/// real topic. An idle level sleeps until a message arrives; nothing polls. Part of a master's <see cref="Roles.RoleSession"/>. Source: remoting.md §5.2.
/// </summary>
internal sealed partial class ScheduleService : IAsyncDisposable
{
    /// <summary>Messages of one read, and so of one write. RocketMQ reads 32; a read is bounded by the store's limits as well.</summary>
    private const int MaxMessagesOfRead = 256;

    /// <summary>After a delivery that the store refused.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>The clock may be set: what it says is looked at again.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly BrokerSettings _settings;
    private readonly MessageStore _store;
    private readonly MessageAppender _appender;
    private readonly WaitingMessages _waiting;
    private readonly DelayOffsetTable _offsets;
    private readonly TimeProvider _time;
    private readonly ILogger<ScheduleService> _logger;
    private readonly StoreTopic _schedule;
    private readonly SemaphoreSlim[] _arrivals;
    private readonly CancellationTokenSource _stopping = new();
    private Task _loops = Task.CompletedTask;

    public ScheduleService(
        BrokerSettings settings, MessageStore store, MessageAppender appender, WaitingMessages waiting, DelayOffsetTable offsets, TimeProvider time, ILogger<ScheduleService> logger)
    {
        _settings = settings;
        _store = store;
        _appender = appender;
        _waiting = waiting;
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
        using QueueBlock block = new(_store, _schedule, level - 1, MaxMessagesOfRead);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                TimeSpan? wait = await DeliverDueAsync(level, delay, block, cancellationToken);
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
    private async Task<TimeSpan?> DeliverDueAsync(int level, TimeSpan delay, QueueBlock block, CancellationToken cancellationToken)
    {
        long offset = _offsets.Get(level);
        if (await block.ReadAsync(offset, cancellationToken))
        {
            return await DeliverAsync(level, delay, block);
        }

        return block.Next == offset ? null : MoveTo(level, block.Next);
    }

    /// <summary>Stores the due ones of the records with one write, then notes how far this came. Not cancelled: what was stored must be noted, or it comes twice.</summary>
    private async ValueTask<TimeSpan> DeliverAsync(int level, TimeSpan delay, QueueBlock block)
    {
        long startedAt = _time.GetTimestamp();
        Delivery delivery = AppendDue(level, delay, block.Records);
        if (delivery.Appended > 0)
        {
            if (!await _appender.WriteAsync(delivery.CopiesEnd, delivery.Appended, startedAt))
            {
                return RetryDelay;
            }

            _offsets.SetDelivered(level, delivery.NextOffset, delivery.CopiesEnd);
        }
        else if (delivery.NextOffset >= 0)
        {
            _offsets.Set(level, delivery.NextOffset);
        }

        return delivery.Obstacle.Topic is not null && await _waiting.OvercomeAsync(delivery.Obstacle) ? TimeSpan.Zero : delivery.Wait;
    }

    private Delivery AppendDue(int level, TimeSpan delay, ReadOnlySpan<byte> records)
    {
        Delivery delivery = new() { NextOffset = -1 };
        while (!records.IsEmpty)
        {
            int size = RecordView.SizeAt(records);
            RecordView record = RecordView.Read(records[..size]);
            records = records[size..];
            TimeSpan left = TimeLeft(record, delay);
            if (left > TimeSpan.Zero)
            {
                delivery.Wait = left;
                break;
            }

            // As it is: a consumer gets the properties that asked for the delay, too.
            AppendStatus status = _waiting.Deliver(record, record.Properties, out WaitingMessages.Obstacle obstacle, out AppendResult result);
            if (status == AppendStatus.Ok)
            {
                delivery.CopiesEnd = delivery.Appended == 0 ? result.Mark : result.Mark.And(delivery.CopiesEnd);
                delivery.Appended++;
            }
            else if (status is AppendStatus.MessageIllegal or AppendStatus.PropertiesTooLong)
            {
                LogUndeliverable(level, record.QueueOffset, status);
            }
            else
            {
                // Nothing is wrong with the message: it is tried again, at once when what it needs can be waited for.
                delivery.Obstacle = obstacle;
                delivery.Wait = RetryDelay;
                break;
            }

            // Its own, not counted: the read passes over offsets without a message.
            delivery.NextOffset = record.QueueOffset + 1;
        }

        return delivery;
    }

    private TimeSpan MoveTo(int level, long offset)
    {
        _offsets.Set(level, offset);
        return TimeSpan.Zero;
    }

    private TimeSpan TimeLeft(in RecordView record, TimeSpan delay)
    {
        DateTimeOffset due = DateTimeOffset.FromUnixTimeMilliseconds(record.StoreTimestamp) + delay;
        TimeSpan left = due - _time.GetUtcNow();
        // As RocketMQ: with a clock that was set back, no message waits longer than its level says.
        return left < delay ? left : delay;
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Error, Message = "Delivering delay level {Level} failed at queue offset {Offset}; tried again in 10 s")]
    private partial void LogLevelFailed(Exception error, int level, long offset);

    [LoggerMessage(EventId = 3202, Level = LogLevel.Error, Message = "The delayed message at offset {Offset} of level {Level} cannot be delivered ({Status}) and is passed over")]
    private partial void LogUndeliverable(int level, long offset, AppendStatus status);

    /// <summary>What became of the records of one read.</summary>
    private struct Delivery
    {
        /// <summary>Messages stored again.</summary>
        public int Appended;

        /// <summary>Their mark in the log.</summary>
        public LogMark CopiesEnd;

        /// <summary>Queue offset the level goes on at; −1 when it stays where it is.</summary>
        public long NextOffset;

        /// <summary>Why the store did not take the next message.</summary>
        public WaitingMessages.Obstacle Obstacle;

        /// <summary>How long to wait before the next read; zero when all records were due.</summary>
        public TimeSpan Wait;
    }
}
