using Microsoft.Extensions.Logging;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// Finds halves whose producer has not said what became of them, and asks. In rounds: each goes through the queue of halves from the first open one on, passes over
/// what is settled, and puts those it asks about to the queue's end again, with their number of questions. Those nobody can be asked about now stay where they are, and so do those whose time has not
/// come; only when too much that is settled would have to be remembered behind them, or retention may take them, they are put back too, uncounted. Who was asked too often is given up and
/// kept in a topic of its own. While no half waits it sleeps. Part of a master's <c>RoleSession</c>. Source: remoting.md §5.4.
/// </summary>
internal sealed partial class TransactionCheckService : IAsyncDisposable
{
    private const int MaxMessagesOfRead = 64;

    /// <summary>Halves after which the progress is noted within a round; a note waits for the disk.</summary>
    private const int HalvesOfNote = 4_096;

    /// <summary>Settled halves in memory from which on what waits is put back, so that they can be forgotten; between the rounds as well.</summary>
    private const int ManySettled = 100_000;

    /// <summary>The same for halves that are too young to be asked about: usually they are settled a moment later.</summary>
    private const int MostSettled = 1_000_000;

    /// <summary>Files of the log from its beginning on that may be gone before the next look: what two runs of retention take, as one may come while a round is at work and another one behind it.</summary>
    private const int FilesInReach = 2 * MessageStore.MostFilesOfRun;

    /// <summary>Between two looks whether a round is needed before its time: a tenth of what is between two runs of retention, or as much when nothing can be put back anyway.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly CurrentOptions<TransactionOptions> _options;
    private readonly MessageStore _store;
    private readonly MessageAppender _appender;
    private readonly BrokerAddress _address;
    private readonly TopicTable _topicTable;
    private readonly TransactionTopics _topics;
    private readonly HalfMessageTable _halves;
    private readonly CheckProgress _progress;
    private readonly CheckSender _sender;
    private readonly TransactionMetrics _metrics;
    private readonly TransactionFigures _figures;
    private readonly TimeProvider _time;
    private readonly ILogger<TransactionCheckService> _logger;
    private readonly ArrivalSignal _arrived = new();
    private readonly QueueAge _age;
    private readonly ServiceLoop _loop;
    private readonly QueueBlock _halfBlock;
    private readonly QueueBlock _opBlock;
    private readonly EarlierCopies _copies;

    // Ops that were read and whose halves are not all behind the progress: offset of the op, the last half it settles.
    private readonly Queue<(long Op, long LastHalf)> _openOps = new();

    // Copies that count a question which did not leave; few, and forgotten with their halves.
    private readonly HashSet<long> _unasked = [];
    private long _opsReadTo;

    // Where in the log the first half lies that the last round left where it was, or came since.
    private long _firstLeftAt = long.MaxValue;

    // Halves before it that the log has lost are counted.
    private long _goneTo;
    private volatile bool _hasBegun;
    private bool _knowsCopies;

    public TransactionCheckService(
        CurrentOptions<TransactionOptions> options,
        MessageStore store,
        MessageAppender appender,
        BrokerAddress address,
        TopicTable topicTable,
        TransactionState state,
        CheckSender sender,
        TransactionMetrics metrics,
        TimeProvider time,
        ILogger<TransactionCheckService> logger)
    {
        _options = options;
        _store = store;
        _appender = appender;
        _address = address;
        _topicTable = topicTable;
        _topics = state.Topics;
        _halves = state.Halves;
        _progress = state.Progress;
        _sender = sender;
        _metrics = metrics;
        _figures = state.Figures;
        _time = time;
        _logger = logger;
        _halfBlock = new QueueBlock(store, state.Topics.Half, TransactionTopics.Queue, MaxMessagesOfRead);
        _opBlock = new QueueBlock(store, state.Topics.Op, TransactionTopics.Queue, MaxMessagesOfRead);
        _copies = new EarlierCopies(store, state);
        _age = new QueueAge(time);
        _opsReadTo = state.Progress.Op;
        _loop = new ServiceLoop(CheckAsync, OnFailed, time);
    }

    private enum Step
    {
        /// <summary>It, and what follows, is too young.</summary>
        Stop,

        /// <summary>It waits where it is.</summary>
        Leave,
        PutBack,
        Check,
        GiveUp,
    }

    /// <summary>Halves that are open; 0 before the first round, which reads what settled ones. Any thread.</summary>
    public long OpenHalves =>
        _hasBegun && _store.Reader.TryGetOffsets(_topics.Half, TransactionTopics.Queue, out QueueOffsets halves) ? _halves.CountOpen(halves.Max) : 0;

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
        if (_hasBegun)
        {
            await _metrics.WriteAsync(isEnd: true);
        }

        _halfBlock.Dispose();
        _opBlock.Dispose();
    }

    /// <summary>A round, and the time until the next one.</summary>
    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        _hasBegun = true;
        bool isOpen = await RoundAsync(asks: true, cancellationToken);
        await _metrics.WriteAsync(isEnd: false);
        if (!isOpen)
        {
            await _arrived.WaitAsync(cancellationToken);
        }

        await PauseAsync(cancellationToken);
    }

    private TimeSpan OnFailed(Exception failure)
    {
        TimeSpan pause = _options.Value.TransactionCheckInterval;
        LogRoundFailed(failure, _progress.Half, pause.TotalSeconds);
        return pause;
    }

    /// <summary>
    /// Until the next round is due. Rounds in which nobody is asked come before, once a second at most: when much is settled meanwhile, which can be forgotten then, and when the log has grown or lost files so that a half that waits
    /// is to be put back.
    /// </summary>
    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        TimeSpan left = _options.Value.TransactionCheckInterval;
        while (left > TimeSpan.Zero)
        {
            TimeSpan part = left < LookInterval ? left : LookInterval;
            await Task.Delay(part, _time, cancellationToken);
            left -= part;
            if (left > TimeSpan.Zero && (_halves.SettledCount >= ManySettled || _firstLeftAt < FindFirstSafe()))
            {
                await RoundAsync(asks: false, cancellationToken);
            }
        }
    }

    /// <summary>One round; false when no half is left that could become due.</summary>
    private async Task<bool> RoundAsync(bool asks, CancellationToken cancellationToken)
    {
        long logEnd = _store.GetStats().MaxOffset.Value;
        await ReadOpsAsync(cancellationToken);
        long end = await HalvesEndAsync(cancellationToken);
        if (!_knowsCopies)
        {
            await _copies.LearnAsync(end, cancellationToken);
            _knowsCopies = true;
        }

        CheckRound round = new(end, _age.FindOldEnd(end, _options.Value.TransactionTimeout), asks, _halves.SettledCount >= ManySettled, FindFirstSafe());
        _sender.Reset();
        long at = _progress.Half;
        bool goesOn = true;
        while (goesOn && (at = _halves.NextOpen(at, round.End)) < round.End)
        {
            long next;
            if (await _halfBlock.ReadAsync(at, cancellationToken))
            {
                (next, goesOn) = await HandleBlockAsync(at, round, cancellationToken);
            }
            else
            {
                next = _halfBlock.Next;
                goesOn = next > at;
                CountGone(at, next);
            }

            at = next;
            if (Math.Min(at, round.FirstLeft) - _progress.Half >= HalvesOfNote)
            {
                await CommitAsync(Math.Min(at, round.FirstLeft), cancellationToken);
            }
        }

        _sender.Reset();
        _firstLeftAt = Math.Min(round.FirstLeftAt, logEnd);
        ReportRound(round);
        long done = Math.Min(at, round.FirstLeft);
        await CommitAsync(done, cancellationToken);

        // What came, or was put back, meanwhile is for the next one.
        end = await HalvesEndAsync(cancellationToken);
        return _halves.NextOpen(done, end) < end;
    }

    /// <summary>
    /// Finds the commit-log offset before which everything may be gone before the next look. The newest file never goes; of a long log, the
    /// first files alone can go so soon, and what lies behind them need not be put back with each new file.
    /// </summary>
    private long FindFirstSafe()
    {
        StoreStats stats = _store.GetStats();
        long fileBytes = _store.Options.CommitLogFileBytes;
        long newest = stats.MaxOffset.Value / fileBytes * fileBytes;
        return Math.Min(newest, ((stats.MinOffset.Value / fileBytes) + FilesInReach) * fileBytes);
    }

    /// <summary>The log has lost the halves from <paramref name="from"/> to <paramref name="to"/>, as on a disk so full that nothing could be put back: that is said, as nobody will ask about them.</summary>
    private void CountGone(long from, long to)
    {
        from = Math.Max(from, _goneTo);
        long gone = _halves.CountOpen(from, to);
        _goneTo = Math.Max(to, _goneTo);
        if (gone > 0)
        {
            _figures.CountGone(gone);
            LogGone(gone, from, to);
        }
    }

    /// <summary>One line a group, however many halves it has.</summary>
    private void ReportRound(CheckRound round)
    {
        if (round.Asks)
        {
            _figures.WithoutProducer = round.WithoutProducer.Values.Sum(static halves => (long)halves);
        }

        foreach ((string group, int halves) in round.WithoutProducer)
        {
            LogNobody(group, halves);
        }

        foreach ((string group, int halves) in round.GivenUp)
        {
            LogGivenUp(group, halves);
        }
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
    private async Task<(long Next, bool GoesOn)> HandleBlockAsync(long at, CheckRound round, CancellationToken cancellationToken)
    {
        List<(PhysicalOffset Copy, ClientChannel Producer)> toAsk = [];
        LogMark copiesEnd = default;
        int copies = 0;
        bool stopped = false;
        long startedAt = _time.GetTimestamp();
        foreach (HalfMessage half in FindOpen(at))
        {
            Step step = Decide(half, round, out ClientChannel? producer);
            if (step == Step.Stop)
            {
                round.StopAt(half);
                stopped = true;
                at = half.QueueOffset;
                break;
            }

            at = half.QueueOffset + 1;
            if (step == Step.Leave)
            {
                round.Leave(half);
                continue;
            }

            (AppendStatus status, AppendResult result, bool isPutBack) = await AppendAsync(half, step, round);
            if (status != AppendStatus.Ok)
            {
                LogNotPutBack(half.QueueOffset, status);
                round.StopAt(half);
                stopped = true;
                at = half.QueueOffset;
                break;
            }

            if (result.MessageCount > 0)
            {
                copiesEnd = copies == 0 ? result.Mark : result.Mark.And(copiesEnd);
                copies++;
                if (isPutBack && producer is not null)
                {
                    toAsk.Add((result.Offset, producer));
                }
            }
            else if (_halves.IsOpen(half.QueueOffset))
            {
                // Its end is under way at this moment, and may fail.
                round.Leave(half);
            }
        }

        if (copies > 0 && !await _appender.WriteAsync(copiesEnd, copies, startedAt))
        {
            throw new StoreException("halves cannot be put back: the store takes no messages");
        }

        await AskAsync(toAsk, cancellationToken);
        return (stopped ? at : _halfBlock.Next, !stopped);
    }

    private List<HalfMessage> FindOpen(long from)
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

    private Step Decide(HalfMessage half, CheckRound round, out ClientChannel? producer)
    {
        producer = null;
        TransactionOptions now = _options.Value;
        if (half.QueueOffset >= round.End)
        {
            // By its place and not by its time: the clock may have been set back.
            return Step.Stop;
        }

        if (!half.IsWhole || ChecksOf(half) >= now.TransactionCheckMax)
        {
            return Step.GiveUp;
        }

        // A birth in the future is a wrong clock, and no reason to wait.
        TimeSpan age = half.AgeAt(_time.GetUtcNow());
        TimeSpan? immunity = half.ImmunityOver(now.TransactionTimeout);
        if (age >= TimeSpan.Zero && age < (immunity ?? now.TransactionTimeout))
        {
            // Where births can be believed, what follows is younger still. A producer whose clock is fast, and gone, must not hold up what others sent behind it.
            return immunity is not null || round.IsOld(half) ? Wait(half, round) : round.IsSafe(half) && _halves.SettledCount < MostSettled ? Step.Stop : Step.PutBack;
        }

        if (!round.Asks)
        {
            return Wait(half, round);
        }

        producer = _sender.Choose(half);
        if (producer is not null)
        {
            return Step.Check;
        }

        if (_sender.IsOnline(half))
        {
            return Wait(half, round);
        }

        // By this broker's clock: its producer's may be days behind, and one that is connected is asked in any case.
        if (half.StoredFor(_time.GetUtcNow()) > now.FileReservedTime)
        {
            return Step.GiveUp;
        }

        CheckRound.Count(round.WithoutProducer, half.ProducerGroup);
        return Wait(half, round);
    }

    private static Step Wait(HalfMessage half, CheckRound round) => round.MayLeave(half) ? Step.Leave : Step.PutBack;

    /// <summary>Questions that have left.</summary>
    private int ChecksOf(HalfMessage half) => _unasked.Contains(half.QueueOffset) ? half.Checks - 1 : half.Checks;

    /// <summary>Puts a copy of the half where it belongs; Ok without a message when it is settled meanwhile, or being settled, or nothing takes it.</summary>
    private async ValueTask<(AppendStatus Status, AppendResult Result, bool IsPutBack)> AppendAsync(HalfMessage half, Step step, CheckRound round)
    {
        AppendStatus status;
        AppendResult result;
        if (step != Step.GiveUp)
        {
            int checks = ChecksOf(half) + (step == Step.Check ? 1 : 0);
            (status, result) = await AppendCopyAsync(half, half.CopyTo(_topics.Half, _address.StoreHost, checks), givesUp: false);
            if (!IsRefused(status))
            {
                return (status, result, IsPutBack: true);
            }
        }

        // As it is, with nothing added: what cannot be put back, now and in any later round, must not stand in the way of all others.
        TopicState topic = await _topicTable.GetOrCreateInternalAsync(TopicNames.TransactionCheckMaxTime, 1);
        (status, result) = await AppendCopyAsync(half, half.MoveTo(topic.StoreTopic, TransactionTopics.Queue, _address.StoreHost), givesUp: true);
        if (status == AppendStatus.Ok && result.MessageCount > 0)
        {
            _figures.CountGivenUp();
            CheckRound.Count(round.GivenUp, half.ProducerGroup);
        }
        else if (IsRefused(status))
        {
            _halves.PassOver(half.QueueOffset);
            _figures.CountPassedOver();
            LogPassedOver(half.QueueOffset, half.PhysicalOffset);
            status = AppendStatus.Ok;
        }

        return (status, result, IsPutBack: false);
    }

    private static bool IsRefused(AppendStatus status) => status is AppendStatus.MessageIllegal or AppendStatus.PropertiesTooLong;

    private async ValueTask<(AppendStatus Status, AppendResult Result)> AppendCopyAsync(HalfMessage half, OwnedMessage copy, bool givesUp)
    {
        while (true)
        {
            bool isOpen = givesUp
                ? _halves.TryGiveUp(half.QueueOffset, _appender, copy.ToAppend(), out AppendStatus status, out AppendResult result)
                : _halves.TryReplace(half.QueueOffset, _appender, copy.ToAppend(), out status, out result);
            if (!isOpen || !await _appender.OvercomeAsync(status, copy.Topic, copy.QueueId))
            {
                return (status, result);
            }
        }
    }

    /// <summary>Asks after the copies are written: the producer answers with their offsets.</summary>
    private async ValueTask AskAsync(List<(PhysicalOffset Copy, ClientChannel Producer)> copies, CancellationToken cancellationToken)
    {
        foreach ((PhysicalOffset copy, ClientChannel producer) in copies)
        {
            if (await _store.Reader.LookMessageAsync(copy, cancellationToken) is not { } record)
            {
                continue;
            }

            HalfMessage half = HalfMessage.Read(record);
            if (_sender.Ask(half, producer))
            {
                _figures.CountAsked();
            }
            else
            {
                _unasked.Add(half.QueueOffset);
            }
        }
    }

    /// <summary>
    /// Everything before <paramref name="half"/> is done. Noted once all that this rests on is on the disk: the copies, and the messages and ops of those that were settled;
    /// a power cut must not take them and leave the note.
    /// </summary>
    private async ValueTask CommitAsync(long half, CancellationToken cancellationToken)
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
        _unasked.RemoveWhere(unasked => unasked < half);
    }

    [LoggerMessage(EventId = 3711, Level = LogLevel.Error, Message = "Checking transactions failed at half {QueueOffset}; tried again in {Seconds} s")]
    private partial void LogRoundFailed(Exception error, long queueOffset, double seconds);

    [LoggerMessage(EventId = 3712, Level = LogLevel.Warning, Message = "The half at {QueueOffset} cannot be put back ({Status}); tried again with the next round")]
    private partial void LogNotPutBack(long queueOffset, AppendStatus status);

    [LoggerMessage(EventId = 3713, Level = LogLevel.Warning, Message = "{Halves} halves of producer group {Group} are given up and kept in TRANS_CHECK_MAX_TIME_TOPIC: asked about too often, older than fileReservedTime, or not to be put back")]
    private partial void LogGivenUp(string group, int halves);

    [LoggerMessage(EventId = 3714, Level = LogLevel.Warning, Message = "No producer of {Group} is connected that could be asked about {Halves} halves; that does not count as asked, and they wait for the next round")]
    private partial void LogNobody(string group, int halves);

    [LoggerMessage(EventId = 3716, Level = LogLevel.Error, Message = "{Halves} halves from {From} to {To} of their queue are gone with files of the log, and nothing says how they would have ended; a disk so full that old files are removed and nothing is written loses them")]
    private partial void LogGone(long halves, long from, long to);

    [LoggerMessage(EventId = 3715, Level = LogLevel.Error, Message = "The half at {QueueOffset} can neither be put back nor kept, and is passed over; it lies at {Offset} in the log until that expires, and its producer may still end it")]
    private partial void LogPassedOver(long queueOffset, long offset);
}
