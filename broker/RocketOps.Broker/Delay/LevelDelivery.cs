using Microsoft.Extensions.Logging;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Roles;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Delay;

/// <summary>
/// Delivers the messages of one delay level: reads its queue of the schedule topic in order, a block at a time, waits until the first message is due, and stores what is due
/// again under its real topic with one write. A message is delivered when its level says or, where the levels were others when it was
/// stored, when it was promised then if that is sooner. An idle level sleeps until a message arrives; nothing polls. One loop; any thread
/// may say that a message arrived.
/// </summary>
internal sealed partial class LevelDelivery : IAsyncDisposable
{
    /// <summary>Messages of one read, and so of one write.</summary>
    private const int MaxMessagesOfRead = 1024;

    /// <summary>Pause after a delivery that the store refused.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>Pause after a failure.</summary>
    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(10);

    /// <summary>The clock may be set: what it says is looked at again. Longer than that no records are kept in memory for their time.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Time for which messages that are due soon after a delivery are gathered: what is due by then goes with it. A write for each
    /// millisecond of a busy level costs more than its messages; this is a tenth of what a delayed message may be late.
    /// </summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(10);

    /// <summary>A longer promise is none: the unit is damaged.</summary>
    private const long MaxPromiseMs = 100L * 365 * 24 * 60 * 60 * 1000;

    private readonly int _level;
    private readonly TimeSpan _delay;
    private readonly bool _isGone;
    private readonly MessageStore _store;
    private readonly StoreTopic _schedule;
    private readonly MessageAppender _appender;
    private readonly DueMessages _waiting;
    private readonly DelayOffsetTable _offsets;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly QueueBlock _block;
    private readonly ArrivalSignal _arrived = new();
    private readonly ServiceLoop _loop;

    // The message that is waited for, when no records are kept.
    private Head? _head;

    // Messages before that queue offset were stored before this service began, perhaps while the level had another delay. −1 until it is
    // known.
    private long _oldEnd = -1;

    // Units of the records at hand that are old: they have the time of delivery that was promised. Read in order.
    private IReadOnlyList<QueueUnit> _promises = [];
    private int _promisesAt;

    // With a clock that was set back: messages before that queue offset were there at that timestamp.
    private long _knownEnd;
    private long _knownAt;

    // Of the message that comes next, in milliseconds since 1970, as far as one is known.
    private long _nextDueMs = long.MaxValue;

    /// <param name="level">The level, from 1 on.</param>
    /// <param name="delay">Its delay.</param>
    /// <param name="isGone">
    /// The configuration does not have it any more: messages wait for as long as they were promised, and for <paramref name="delay"/> where
    /// that is not known.
    /// </param>
    /// <param name="store">The store.</param>
    /// <param name="schedule">Topic of the levels.</param>
    /// <param name="appender">Writes what was delivered.</param>
    /// <param name="waiting">Stores messages again.</param>
    /// <param name="offsets">How far levels were delivered.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Log.</param>
    public LevelDelivery(
        int level, TimeSpan delay, bool isGone, MessageStore store, StoreTopic schedule, MessageAppender appender, DueMessages waiting,
            DelayOffsetTable offsets, TimeProvider time, ILogger logger)
    {
        _level = level;
        _delay = delay;
        _isGone = isGone;
        _store = store;
        _schedule = schedule;
        _appender = appender;
        _waiting = waiting;
        _offsets = offsets;
        _time = time;
        _logger = logger;
        _block = new QueueBlock(store, schedule, level - 1, MaxMessagesOfRead);
        _loop = new ServiceLoop(GoOnAsync, OnFailed, time);
    }

    /// <summary>Milliseconds for which the next message is due already; 0 for one that is not. Any thread.</summary>
    public long LateMs => Math.Max(0, _time.GetUtcNow().ToUnixTimeMilliseconds() - Volatile.Read(ref _nextDueMs));

    /// <summary>A message has come into the level's queue.</summary>
    public void OnArrived() => _arrived.Set();

    /// <summary>Delivers until it is disposed.</summary>
    public void Start() => _loop.Start();

    /// <summary>A delivery that has begun is finished first.</summary>
    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        _block.Dispose();
    }

    private async Task GoOnAsync(CancellationToken cancellationToken)
    {
        if (await DeliverDueAsync(cancellationToken) is not { } wait)
        {
            await _arrived.WaitAsync(cancellationToken);
        }
        else if (wait > TimeSpan.Zero)
        {
            // Whole milliseconds, as timers take no others: with less than one left it would not wait at all.
            await Task.Delay(wait < LongestWait ? TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)) : LongestWait, _time, cancellationToken);
        }
    }

    private TimeSpan OnFailed(Exception failure)
    {
        _block.Release();
        LogLevelFailed(failure, _level, _offsets.Get(_level));
        return FailureDelay;
    }

    /// <summary>Delivers what is due of the records at hand, or else of one read; returns how long to wait, null when the queue is empty.</summary>
    private async Task<TimeSpan?> DeliverDueAsync(CancellationToken cancellationToken)
    {
        if (_block.Records.IsEmpty)
        {
            if (_head is { } head && TimeLeft(head) is var left && left > TimeSpan.Zero)
            {
                return left;
            }

            _head = null;
            long offset = _offsets.Get(_level);
            if (!await _block.ReadAsync(offset, cancellationToken))
            {
                Volatile.Write(ref _nextDueMs, long.MaxValue);
                return _block.Next == offset ? null : MoveTo(_block.Next);
            }

            await ReadPromisesAsync(offset, cancellationToken);
        }

        return await DeliverAsync();
    }

    /// <summary>
    /// Reads what old messages were promised. A message that came since has the delay of its level, and costs no look at its unit.
    /// </summary>
    private async ValueTask ReadPromisesAsync(long offset, CancellationToken cancellationToken)
    {
        if (_oldEnd < 0)
        {
            _oldEnd = (await _store.Reader.GetOffsetsAsync(_schedule, _level - 1, cancellationToken)).Max;
        }

        _promisesAt = 0;
        _promises = offset < _oldEnd ? await _store.Reader.ReadUnitsAsync(_schedule, _level - 1, offset, MaxMessagesOfRead,
            cancellationToken) ?? [] : [];
    }

    /// <summary>
    /// Returns how long a message waits: never longer than it was promised when it was stored, nor than its level says now. RocketMQ keeps
    /// a shorter promise too, and delivers at once what was promised for later than the level says now. Source: apache/rocketmq
    /// ScheduleMessageService.correctDeliverTimestamp.
    /// </summary>
    private TimeSpan DelayOf(long queueOffset, long storeTimestamp)
    {
        while (_promisesAt < _promises.Count && _promises[_promisesAt].QueueOffset < queueOffset)
        {
            _promisesAt++;
        }

        if (_promisesAt == _promises.Count || _promises[_promisesAt].QueueOffset != queueOffset)
        {
            return _delay;
        }

        long promisedMs = _promises[_promisesAt].TagsCode - storeTimestamp;
        if (promisedMs is < 0 or > MaxPromiseMs)
        {
            return _delay;
        }

        TimeSpan promised = TimeSpan.FromMilliseconds(promisedMs);
        return _isGone || promised < _delay ? promised : _delay;
    }

    /// <summary>Stores the due ones of the records with one write, then notes how far this came. Not cancelled: what was stored must be noted, or it comes twice.</summary>
    private async ValueTask<TimeSpan> DeliverAsync()
    {
        long startedAt = _time.GetTimestamp();
        Delivery delivery = AppendDue(_block.Records);
        if (delivery.Appended > 0 && !await _appender.WriteAsync(delivery.CopiesEnd, delivery.Appended, startedAt))
        {
            // Nothing of it is noted: it is read again.
            _block.Release();
            return RetryDelay;
        }

        if (delivery.Lost > 0)
        {
            CountLost(delivery.Lost, delivery.NextOffset);
        }

        if (delivery.Appended > 0)
        {
            _offsets.SetDelivered(_level, delivery.NextOffset, delivery.CopiesEnd);
        }
        else if (delivery.NextOffset >= 0)
        {
            _offsets.Set(_level, delivery.NextOffset);
        }

        _block.Skip(delivery.Bytes);
        if (delivery.Obstacle.Topic is not null)
        {
            return await _waiting.OvercomeAsync(delivery.Obstacle) ? TimeSpan.Zero : RetryDelay;
        }

        if (delivery.Head is not { } head)
        {
            return TimeSpan.Zero;
        }

        TimeSpan left = TimeLeft(head);
        if (left > LongestWait)
        {
            _head = head;
            _block.Release();
        }

        return delivery.Appended > 0 && left < Gathering ? Gathering : left;
    }

    private Delivery AppendDue(ReadOnlySpan<byte> records)
    {
        Delivery delivery = new() { NextOffset = -1 };
        while (delivery.Bytes < records.Length)
        {
            int size = RecordView.SizeAt(records[delivery.Bytes..]);
            RecordView record = RecordView.Read(records.Slice(delivery.Bytes, size));
            Head head = new(record.QueueOffset, record.StoreTimestamp, DelayOf(record.QueueOffset, record.StoreTimestamp));
            Volatile.Write(ref _nextDueMs, head.StoreTimestamp + (long)head.Delay.TotalMilliseconds);
            if (TimeLeft(head) > TimeSpan.Zero)
            {
                delivery.Head = head;
                break;
            }

            // As it is: a consumer gets the properties that asked for the delay, too.
            AppendStatus status = _waiting.Deliver(record, record.Properties, out DueMessages.Obstacle obstacle, out AppendResult result);
            if (status == AppendStatus.Ok)
            {
                delivery.CopiesEnd = delivery.Appended == 0 ? result.Mark : result.Mark.And(delivery.CopiesEnd);
                delivery.Appended++;
            }
            else if (status != AppendStatus.MessageIllegal)
            {
                // Nothing is wrong with the message: it is tried again, at once when what it needs can be waited for.
                delivery.Obstacle = obstacle;
                break;
            }

            // Its own, not counted: the read passes over offsets without a message.
            delivery.Lost += Math.Max(0, record.QueueOffset - (delivery.NextOffset >= 0 ? delivery.NextOffset : _offsets.Get(_level)));
            delivery.NextOffset = record.QueueOffset + 1;
            delivery.Bytes += size;
        }

        return delivery;
    }

    private TimeSpan MoveTo(long offset)
    {
        // Forward over what retention has taken; back to the end of a queue that was cut.
        if (offset - _offsets.Get(_level) is var lost and > 0)
        {
            CountLost(lost, offset);
        }

        _offsets.Set(_level, offset);
        return TimeSpan.Zero;
    }

    private void CountLost(long messages, long before) => _waiting.CountLost(messages, _schedule, $"{messages} of delay level {_level}, before offset {before}");

    /// <summary>
    /// Returns the time a message has to wait still. A store time that is ahead of the clock says nothing, as the clock was set back, and
    /// the log's times stand still until it has caught up: then a message waits for the whole delay from the moment on that it is known to
    /// be there. RocketMQ delivers it at once, and so too early.
    /// </summary>
    private TimeSpan TimeLeft(Head head)
    {
        TimeSpan left = DateTimeOffset.FromUnixTimeMilliseconds(head.StoreTimestamp) + head.Delay - _time.GetUtcNow();
        if (left <= head.Delay)
        {
            return left;
        }

        if (head.QueueOffset >= _knownEnd)
        {
            _store.Reader.TryGetOffsets(_schedule, _level - 1, out QueueOffsets queue);
            _knownEnd = Math.Max(queue.Max, head.QueueOffset + 1);
            _knownAt = _time.GetTimestamp();
        }

        return head.Delay - _time.GetElapsedTime(_knownAt);
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Error, Message = "Delivering delay level {Level} failed at queue offset {Offset}; tried again in 10 s")]
    private partial void LogLevelFailed(Exception error, int level, long offset);

    /// <summary>A message of the queue that is not due.</summary>
    private readonly record struct Head(long QueueOffset, long StoreTimestamp, TimeSpan Delay);

    /// <summary>Result of delivering the records.</summary>
    private struct Delivery
    {
        /// <summary>Messages stored again.</summary>
        public int Appended;

        /// <summary>Their mark in the log.</summary>
        public LogMark CopiesEnd;

        /// <summary>Messages that should have come before these, and are not in the log.</summary>
        public long Lost;

        /// <summary>Size of the records that are done with.</summary>
        public int Bytes;

        /// <summary>Queue offset the level goes on at; −1 when it stays where it is.</summary>
        public long NextOffset;

        /// <summary>Reason why the store did not take the next message.</summary>
        public DueMessages.Obstacle Obstacle;

        /// <summary>The first message that is not due; null when all were.</summary>
        public Head? Head;
    }
}
