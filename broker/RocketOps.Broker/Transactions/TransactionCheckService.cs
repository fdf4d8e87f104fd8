using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Topics;
using RocketOps.Store;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// Finds halves whose producer has not said what became of them, and asks. In rounds: each goes through the queue of halves from where the last one came to, passes over
/// what is settled, and puts what is still open to the queue's end again before it asks, so that the queue's beginning moves on. Who was asked too often is given up and
/// kept in a topic of its own. While no half waits it sleeps. Part of a master's <see cref="Roles.RoleSession"/>. Source: remoting.md §5.4.
/// </summary>
internal sealed partial class TransactionCheckService : IAsyncDisposable
{
    private const int MaxMessagesOfRead = 64;

    /// <summary>Halves after which the progress is noted within a round; a note waits for the disk.</summary>
    private const int HalvesOfNote = 4_096;

    /// <summary>Settled halves in memory that have a round begin before its time, so that they can be forgotten.</summary>
    private const int ManySettled = 1_000_000;

    private static readonly TimeSpan CrowdInterval = TimeSpan.FromSeconds(1);

    private readonly BrokerSettings _settings;
    private readonly MessageStore _store;
    private readonly MessageAppender _appender;
    private readonly BrokerAddress _address;
    private readonly TopicTable _topicTable;
    private readonly TransactionTopics _topics;
    private readonly HalfMessageTable _halves;
    private readonly CheckProgress _progress;
    private readonly CheckSender _sender;
    private readonly TransactionMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<TransactionCheckService> _logger;
    private readonly ArrivalSignal _arrived = new();
    private readonly ServiceLoop _loop;
    private readonly QueueBlock _halfBlock;
    private readonly QueueBlock _opBlock;

    // Ops that were read and whose halves are not all behind the progress: offset of the op, the last half it settles.
    private readonly Queue<(long Op, long LastHalf)> _openOps = new();
    private long _opsReadTo;
    private bool _isLoaded;

    public TransactionCheckService(
        BrokerSettings settings,
        MessageStore store,
        MessageAppender appender,
        BrokerAddress address,
        TopicTable topicTable,
        TransactionTopics topics,
        HalfMessageTable halves,
        CheckProgress progress,
        CheckSender sender,
        TransactionMetrics metrics,
        TimeProvider time,
        ILogger<TransactionCheckService> logger)
    {
        _settings = settings;
        _store = store;
        _appender = appender;
        _address = address;
        _topicTable = topicTable;
        _topics = topics;
        _halves = halves;
        _progress = progress;
        _sender = sender;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _halfBlock = new QueueBlock(store, topics.Half, TransactionTopics.Queue, MaxMessagesOfRead);
        _opBlock = new QueueBlock(store, topics.Op, TransactionTopics.Queue, MaxMessagesOfRead);
        _loop = new ServiceLoop(CheckAsync, OnFailed, time);
    }

    private enum Step
    {
        /// <summary>It, and what follows, is too young.</summary>
        Stop,
        PutBack,
        Check,
        GiveUp,
    }

    public void Start() => _loop.Start();

    /// <summary>An op too: a round may have passed its half, settled a moment before, and not have seen it.</summary>
    public void OnArrived(in MessageArrival message)
    {
        if (ReferenceEquals(message.Topic, _topics.Half) || ReferenceEquals(message.Topic, _topics.Op))
        {
            _arrived.Set();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        if (_isLoaded)
        {
            await _metrics.WriteAsync(isEnd: true);
        }

        _halfBlock.Dispose();
        _opBlock.Dispose();
    }

    /// <summary>A round, and the time until the next one.</summary>
    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (!_isLoaded)
        {
            await LoadAsync(cancellationToken);
            _isLoaded = true;
        }

        bool isOpen = await RoundAsync(cancellationToken);
        await _metrics.WriteAsync(isEnd: false);
        if (!isOpen)
        {
            await _arrived.WaitAsync(cancellationToken);
        }

        await PauseAsync(cancellationToken);
    }

    private TimeSpan OnFailed(Exception failure)
    {
        TimeSpan pause = _settings.Current.TransactionCheckInterval;
        LogRoundFailed(failure, _progress.Half, pause.TotalSeconds);
        return pause;
    }

    /// <summary>Until the next round is due, or so much is settled that it is worth one.</summary>
    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        TimeSpan left = _settings.Current.TransactionCheckInterval;
        while (left > TimeSpan.Zero && _halves.SettledCount < ManySettled)
        {
            TimeSpan part = left < CrowdInterval ? left : CrowdInterval;
            await Task.Delay(part, _time, cancellationToken);
            left -= part;
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        _progress.Load(
            await _store.Reader.GetOffsetsAsync(_topics.Half, TransactionTopics.Queue, cancellationToken),
            await _store.Reader.GetOffsetsAsync(_topics.Op, TransactionTopics.Queue, cancellationToken));
        _openOps.Clear();
        _opsReadTo = _progress.Op;
        _halves.Reset(_progress.Half);
    }

    /// <summary>One round; false when no half is left that could become due.</summary>
    private async Task<bool> RoundAsync(CancellationToken cancellationToken)
    {
        long begun = _time.GetUtcNow().ToUnixTimeMilliseconds();
        await ReadOpsAsync(cancellationToken);
        long at = _progress.Half;
        long end;
        bool goesOn = true;
        do
        {
            end = await HalvesEndAsync(cancellationToken);
            long next = _halves.NextOpen(at, end);
            at = next;
            if (at >= end)
            {
                break;
            }

            if (await _halfBlock.ReadAsync(at, cancellationToken))
            {
                (next, goesOn) = await HandleBlockAsync(at, begun, cancellationToken);
            }
            else
            {
                next = _halfBlock.Next;
                goesOn = next > at;
            }

            at = next;
            if (at - _progress.Half >= HalvesOfNote)
            {
                await NoteAsync(at, cancellationToken);
            }
        }
        while (goesOn);

        await NoteAsync(at, cancellationToken);
        return at < end;
    }

    private async Task ReadOpsAsync(CancellationToken cancellationToken)
    {
        List<long> settled = [];
        while (true)
        {
            if (await _opBlock.ReadAsync(_opsReadTo, cancellationToken))
            {
                // Asked for after the ops were read: an op lies behind the halves it settles.
                long halvesEnd = await HalvesEndAsync(cancellationToken);
                TakeOps(_opBlock.Records, settled, halvesEnd);
            }
            else if (_opBlock.Next == _opsReadTo)
            {
                return;
            }

            // Without records: what retention has removed is about halves that are gone as well.
            _opsReadTo = _opBlock.Next;
        }
    }

    private async ValueTask<long> HalvesEndAsync(CancellationToken cancellationToken) =>
        (await _store.Reader.GetOffsetsAsync(_topics.Half, TransactionTopics.Queue, cancellationToken)).Max;

    /// <summary>Offsets from <paramref name="halvesEnd"/> on are no half's: whatever wrote them, nothing may wait for them to be passed.</summary>
    private void TakeOps(ReadOnlySpan<byte> records, List<long> settled, long halvesEnd)
    {
        while (!records.IsEmpty)
        {
            int size = RecordView.SizeAt(records);
            RecordView op = RecordView.Read(records[..size]);
            records = records[size..];
            settled.Clear();
            OpMessages.Read(op, settled);
            long last = -1;
            foreach (long half in settled.Where(half => half < halvesEnd))
            {
                _halves.AddSettled(half);
                last = Math.Max(last, half);
            }

            _openOps.Enqueue((op.QueueOffset, last));
        }
    }

    /// <summary>Handles the open halves of what was read; returns where to go on and whether that is worth it in this round.</summary>
    private async Task<(long Next, bool GoesOn)> HandleBlockAsync(long at, long begun, CancellationToken cancellationToken)
    {
        List<PhysicalOffset> toAsk = [];
        LogMark copiesEnd = default;
        int copies = 0;
        bool stopped = false;
        long startedAt = _time.GetTimestamp();
        foreach (HalfMessage half in OpenHalves(at))
        {
            Step step = Decide(half, begun);
            if (step == Step.Stop)
            {
                stopped = true;
                at = half.QueueOffset;
                break;
            }

            (AppendStatus status, AppendResult result) = await AppendAsync(half, step, cancellationToken);
            if (status != AppendStatus.Ok)
            {
                LogNotPutBack(half.QueueOffset, status);
                stopped = true;
                at = half.QueueOffset;
                break;
            }

            at = half.QueueOffset + 1;
            if (result.MessageCount > 0)
            {
                copiesEnd = copies == 0 ? result.Mark : result.Mark.And(copiesEnd);
                copies++;
                if (step == Step.Check)
                {
                    toAsk.Add(result.Offset);
                }
            }
        }

        if (copies > 0 && !await _appender.WriteAsync(copiesEnd, copies, startedAt))
        {
            throw new StoreException("halves cannot be put back: the store takes no messages");
        }

        await AskAsync(toAsk, cancellationToken);
        return (stopped ? at : _halfBlock.Next, !stopped);
    }

    private List<HalfMessage> OpenHalves(long from)
    {
        List<HalfMessage> open = [];
        ReadOnlySpan<byte> records = _halfBlock.Records;
        while (!records.IsEmpty)
        {
            int size = RecordView.SizeAt(records);
            HalfMessage half = HalfMessage.Read(records[..size].ToArray());
            records = records[size..];
            if (half.QueueOffset >= from && _halves.NextOpen(half.QueueOffset, half.QueueOffset + 1) == half.QueueOffset)
            {
                if (half.Original is { } original)
                {
                    _halves.Learn(original, half.QueueOffset);
                }

                open.Add(half);
            }
        }

        return open;
    }

    private Step Decide(HalfMessage half, long begun)
    {
        BrokerOptions options = _settings.Current;
        TimeSpan age = TimeSpan.FromMilliseconds(_time.GetUtcNow().ToUnixTimeMilliseconds() - half.BornTimestamp);
        if (!half.IsWhole || half.Checks >= options.TransactionCheckMax || age > options.FileReservedTime)
        {
            return Step.GiveUp;
        }

        if (half.StoreTimestamp >= begun)
        {
            return Step.Stop;
        }

        // A birth in the future is a wrong clock, and no reason to wait.
        bool bornLater = age < TimeSpan.Zero;
        if (half.ImmunityOver(options.TransactionTimeout) is { } immunity)
        {
            return !bornLater && age < immunity ? Step.PutBack : Step.Check;
        }

        return !bornLater && age < options.TransactionTimeout ? Step.Stop : Step.Check;
    }

    private async ValueTask<(AppendStatus Status, AppendResult Result)> AppendAsync(HalfMessage half, Step step, CancellationToken cancellationToken)
    {
        StoredMessage copy;
        if (step == Step.GiveUp)
        {
            LogGivenUp(half.QueueOffset, half.ProducerGroup, half.Topic, half.UniqKey, half.Checks);
            TopicState topic = await _topicTable.GetOrCreateInternalAsync(TopicNames.TransactionCheckMaxTime, 1);
            copy = half.MoveTo(topic.StoreTopic, TransactionTopics.Queue, _address.StoreHost);
        }
        else
        {
            copy = half.CopyTo(_topics.Half, _address.StoreHost, step == Step.Check ? half.Checks + 1 : half.Checks);
        }

        while (true)
        {
            AppendStatus status;
            AppendResult result;
            if (step == Step.GiveUp)
            {
                if (!_halves.TryGiveUp(half.QueueOffset, _appender, copy.ToAppend(), out status, out result))
                {
                    return Passed();
                }
            }
            else if (!_halves.TryReplace(half.QueueOffset, _appender, copy.ToAppend(), out status, out result))
            {
                return Passed();
            }

            bool again = status switch
            {
                AppendStatus.WouldBlock => await _appender.WhenRoomAsync(),
                AppendStatus.QueueNotLoaded => await _store.Writer.LoadQueueAsync(copy.Topic, copy.QueueId, cancellationToken) == AppendStatus.Ok,
                _ => false,
            };
            if (!again)
            {
                return (status, result);
            }
        }

        // Settled meanwhile, unless its end is still under way and may fail.
        (AppendStatus Status, AppendResult Result) Passed() =>
            (_halves.NextOpen(half.QueueOffset, half.QueueOffset + 1) == half.QueueOffset ? AppendStatus.Busy : AppendStatus.Ok, default);
    }

    /// <summary>After the copies are written: the producer answers with their offsets.</summary>
    private async ValueTask AskAsync(List<PhysicalOffset> copies, CancellationToken cancellationToken)
    {
        foreach (PhysicalOffset copy in copies)
        {
            if (await _store.Reader.LookMessageAsync(copy, cancellationToken) is { } record)
            {
                _sender.Ask(HalfMessage.Read(record));
            }
        }
    }

    /// <summary>
    /// Everything before <paramref name="half"/> is done. Noted once all that this rests on is on the disk: the copies, and the messages and ops of those that were settled;
    /// a power cut must not take them and leave the note.
    /// </summary>
    private async ValueTask NoteAsync(long half, CancellationToken cancellationToken)
    {
        int passed = _openOps.TakeWhile(open => open.LastHalf < half).Count();
        long op = _openOps.Count > passed ? _openOps.ElementAt(passed).Op : _opsReadTo;
        if (half == _progress.Half && op == _progress.Op)
        {
            return;
        }

        LogMark end = _store.Positions.End;
        WaitOutcome outcome;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            outcome = await _store.Writer.WhenAsync(LogPosition.Durable, end);
        }
        while (outcome == WaitOutcome.TimedOut);
        if (outcome != WaitOutcome.Reached)
        {
            throw new StoreException($"the progress of transaction checks cannot be noted: the log is not on the disk ({outcome})");
        }

        for (; passed > 0; passed--)
        {
            _openOps.Dequeue();
        }

        _progress.Set(half, op, end.Offset);
        _halves.Advance(half);
    }

    [LoggerMessage(EventId = 3711, Level = LogLevel.Error, Message = "Checking transactions failed at half {QueueOffset}; tried again in {Seconds} s")]
    private partial void LogRoundFailed(Exception error, long queueOffset, double seconds);

    [LoggerMessage(EventId = 3712, Level = LogLevel.Warning, Message = "The half at {QueueOffset} cannot be put back ({Status}); tried again with the next round")]
    private partial void LogNotPutBack(long queueOffset, AppendStatus status);

    [LoggerMessage(EventId = 3713, Level = LogLevel.Warning, Message = "The half at {QueueOffset} of producer group {Group} for topic {Topic} (unique key {UniqKey}) is given up after {Checks} checks and kept in TRANS_CHECK_MAX_TIME_TOPIC")]
    private partial void LogGivenUp(long queueOffset, string? group, string? topic, string? uniqKey, int checks);
}
