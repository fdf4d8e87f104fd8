using System.Globalization;
using System.Reflection;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Handlers.Replication;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Timers;
using RocketOps.Protocol.Commands;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Admin;

/// <summary>
/// The figures of GET_BROKER_RUNTIME_INFO, with both spellings and all keys that tools of 4.9 and 5.x read, as they fail
/// without a key. What this broker has no such thing of (queues in front of handlers) is 0. Source: admin.md §2.6 and §7.
/// </summary>
internal sealed class RuntimeFigures : IAsyncDisposable
{
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(10);

    // Ours, beside the protocol's: tools pass over keys they do not know.
    private static readonly string OwnVersion =
        typeof(RuntimeFigures).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    private readonly RuntimeFigureOptions _options;
    private readonly CurrentRole _role;
    private readonly MessageStore _store;
    private readonly AppendStatistics _appendStatistics;
    private readonly PullCounters _pulls;
    private readonly DelayOffsetTable _delays;
    private readonly StoreTopic _schedule;
    private readonly TimerTable _timers;
    private readonly StandingRefusals _refusals;
    private readonly ReplicationFigures _replication;
    private readonly RateMeter _puts;
    private readonly RateMeter _transferred;
    private readonly RateMeter _found;
    private readonly RateMeter _missed;
    private readonly RateMeter _timersTaken;
    private readonly RateMeter _timersDelivered;
    private readonly TimeProvider _time;
    private ITimer? _sampler;
    private DateOnly _today;
    private (long Put, long Get) _yesterdayMorning;
    private (long Put, long Get) _todayMorning;

    public RuntimeFigures(
        RuntimeFigureOptions options,
        CurrentRole role,
        MessageStore store,
        AppendStatistics appends,
        PullCounters pulls,
        DelayOffsetTable delays,
        TimerTable timers,
        StandingRefusals refusals,
        ReplicationFigures replication,
        TimeProvider time)
    {
        _options = options;
        _refusals = refusals;
        _replication = replication;
        _role = role;
        _store = store;
        _appendStatistics = appends;
        _pulls = pulls;
        _delays = delays;
        _schedule = store.GetOrAddTopic("SCHEDULE_TOPIC_XXXX"u8);
        _timers = timers;
        _puts = new RateMeter(time);
        _transferred = new RateMeter(time);
        _found = new RateMeter(time);
        _missed = new RateMeter(time);
        _timersTaken = new RateMeter(time);
        _timersDelivered = new RateMeter(time);
        _time = time;
        _today = Today();
    }

    public void Start()
    {
        Sample();
        _sampler = _time.CreateTimer(static state => ((RuntimeFigures)state!).Sample(), this, SampleInterval, SampleInterval);
    }

    public async ValueTask DisposeAsync()
    {
        if (_sampler is not null)
        {
            await _sampler.DisposeAsync();
        }
    }

    public async Task<SortedDictionary<string, string>> CollectAsync(CancellationToken cancellationToken)
    {
        StoreStats stats = _store.GetStats();
        TimeSpan up = _time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(stats.BootTimestamp);
        string transferred = _transferred.Format(_pulls.Messages);
        SortedDictionary<string, string> figures = new(StringComparer.Ordinal)
        {
            ["bootTimestamp"] = Text(stats.BootTimestamp),
            ["runtime"] = $"[ {up.Days} days, {up.Hours} hours, {up.Minutes} minutes, {up.Seconds} seconds ]",
            ["putMessageEntireTimeMax"] = Text(_appendStatistics.MaxMs),
            ["getMessageEntireTimeMax"] = Text(_pulls.MaxMs),
            ["putMessageTimesTotal"] = Text(Math.Max(1, stats.MessagesAppended)),
            ["putMessageFailedTimes"] = Text(_appendStatistics.Failed),
            ["putMessageSizeTotal"] = Text(stats.BytesAppended),
            ["putMessageDistributeTime"] = _appendStatistics.Distribution(),
            ["putMessageAverageSize"] = (stats.BytesAppended / (double)Math.Max(1, stats.MessagesAppended)).ToString("0.0###", CultureInfo.InvariantCulture),
            ["dispatchMaxBuffer"] = "0",
            ["putTps"] = _puts.Format(stats.MessagesAppended),
            ["getFoundTps"] = _found.Format(_pulls.Found),
            ["getMissTps"] = _missed.Format(_pulls.Missed),
            ["getTotalTps"] = Sum(_found.Format(_pulls.Found), _missed.Format(_pulls.Missed)),
            ["getTransferedTps"] = transferred,
            ["getTransferredTps"] = transferred,
            ["putLatency99"] = _appendStatistics.Percentile(0.99),
            ["putLatency999"] = _appendStatistics.Percentile(0.999),
            ["commitLogDiskRatio"] = Ratio(stats.DiskUsedRatio),
            ["commitLogDiskRatio_" + _options.Broker.Current.CommitLogFolder] = Ratio(stats.DiskUsedRatio),
            ["consumeQueueDiskRatio"] = Ratio(stats.DiskUsedRatio),
            ["commitLogMinOffset"] = Text(stats.MinOffset.Value),
            ["commitLogMaxOffset"] = Text(stats.MaxOffset.Value),
            ["brokerVersionDesc"] = "V5_3_3",
            ["rocketOpsVersion"] = OwnVersion,
            ["brokerVersion"] = Text(MqVersion.V533),
            ["brokerActive"] = _role.IsMaster ? "true" : "false",
            ["dispatchBehindBytes"] = Text(stats.DispatchBehindBytes),
            ["pageCacheLockTimeMills"] = Text(_store.Writer.CurrentWriteMs),
            ["earliestMessageTimeStamp"] = Text(await EarliestAsync(stats, cancellationToken)),
            ["startAcceptSendRequestTimeStamp"] = Text(_options.Sends.Value.StartAcceptSendTimestamp),
            ["remainTransientStoreBufferNumbs"] = Text(int.MaxValue),
            ["remainHowManyDataToFlush"] = Human(stats.MaxOffset.Value - stats.DurableOffset.Value),
            ["commitLogDirCapacity"] = Capacity(),
        };
        if (_refusals.Find() is { } refusal)
        {
            figures[StandingRefusals.Key] = refusal.Why;
            figures[StandingRefusals.ByKey] = refusal.By;
        }

        _replication.AddTo(figures);
        AddQueues(figures);
        AddDailyTotals(figures, stats);
        await AddDelaysAsync(figures, cancellationToken);
        await AddTimersAsync(figures, cancellationToken);
        return figures;
    }

    // Handlers have no queues in front of them; tools want the numbers all the same.
    private static void AddQueues(SortedDictionary<string, string> figures)
    {
        foreach (string pool in (string[])["send", "pull", "query", "litePull", "ack"])
        {
            figures[pool + "ThreadPoolQueueSize"] = "0";
            figures[pool + "ThreadPoolQueueCapacity"] = "10000";
            figures[pool + "ThreadPoolQueueHeadWaitTimeMills"] = "0";
        }

        figures["EndTransactionQueueSize"] = "0";
        figures["EndTransactionThreadPoolQueueCapacity"] = "100000";
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Rate(double value) => value.ToString("0.0#####", CultureInfo.InvariantCulture);

    private static string Ratio(double value) => Math.Max(0, value).ToString("0.0###", CultureInfo.InvariantCulture);

    private static string Human(long bytes)
    {
        double value = bytes;
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        int unit = 0;
        while (value >= 1024 && unit < units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return unit == 0 ? FormattableString.Invariant($"{bytes} B") : FormattableString.Invariant($"{value:F1} {units[unit]}");
    }

    private static string Sum(string first, string second)
    {
        double[] left = [.. first.Split(' ').Select(static text => double.Parse(text, CultureInfo.InvariantCulture))];
        double[] right = [.. second.Split(' ').Select(static text => double.Parse(text, CultureInfo.InvariantCulture))];
        return FormattableString.Invariant($"{left[0] + right[0]:F4} {left[1] + right[1]:F4} {left[2] + right[2]:F4}");
    }

    private void AddDailyTotals(SortedDictionary<string, string> figures, StoreStats stats)
    {
        figures["msgPutTotalYesterdayMorning"] = Text(_yesterdayMorning.Put);
        figures["msgPutTotalTodayMorning"] = Text(_todayMorning.Put);
        figures["msgPutTotalTodayNow"] = Text(stats.MessagesAppended);
        figures["msgGetTotalYesterdayMorning"] = Text(_yesterdayMorning.Get);
        figures["msgGetTotalTodayMorning"] = Text(_todayMorning.Get);
        figures["msgGetTotalTodayNow"] = Text(_pulls.Messages);
    }

    private async Task AddDelaysAsync(SortedDictionary<string, string> figures, CancellationToken cancellationToken)
    {
        for (int level = 1; level <= _options.Delays.Value.DelayLevels.MaxLevel; level++)
        {
            long max = (await _store.Reader.GetOffsetsAsync(_schedule, level - 1, cancellationToken)).Max;
            if (max > 0)
            {
                figures[FormattableString.Invariant($"scheduleMessageOffset_{level}")] = FormattableString.Invariant($"{_delays.Get(level)},{max}");
            }
        }
    }

    /// <summary>
    /// Adds how many seconds late messages with a time are, how many are not in slots yet, and how many wait there. All is 0 where none was
    /// ever used.
    /// </summary>
    private async Task AddTimersAsync(SortedDictionary<string, string> figures, CancellationToken cancellationToken)
    {
        long waiting = _timers.Counts.CountWaiting();
        // While nothing waits the timers sleep, wherever the clock is.
        long behindMs = waiting > 0 ? _time.GetUtcNow().ToUnixTimeMilliseconds() - _timers.ReadMs : 0;
        QueueOffsets queue = await _store.Reader.GetOffsetsAsync(_timers.Topic.Topic, TimerTopic.Queue, cancellationToken);
        figures["timerReadBehind"] = Text(Math.Max(0, behindMs / 1000));
        figures["timerOffsetBehind"] = Text(_timers.IsLoaded ? Math.Max(0, queue.Max - _timers.QueueOffset) : 0);
        figures["timerCongestNum"] = Text(waiting);
        figures["timerEnqueueTps"] = Rate(_timersTaken.RateOver(10, _timers.Counts.Taken));
        figures["timerDequeueTps"] = Rate(_timersDelivered.RateOver(10, _timers.Counts.Delivered));
    }

    private async Task<long> EarliestAsync(StoreStats stats, CancellationToken cancellationToken)
    {
        if (stats.MaxOffset == stats.MinOffset || await _store.Reader.LookMessageAsync(stats.MinOffset, cancellationToken) is not { } record)
        {
            return -1;
        }

        return RecordView.Read(record).StoreTimestamp;
    }

    private string Capacity()
    {
        // A slave has no folder for its log until the first bytes of it come.
        string folder = _options.Broker.Current.CommitLogFolder;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { Length: > 0 } parent)
        {
            folder = parent;
        }

        DriveInfo drive = new(folder);
        return $"Total : {Human(drive.TotalSize)}, Free : {Human(drive.AvailableFreeSpace)}.";
    }

    private DateOnly Today() => DateOnly.FromDateTime(_time.GetLocalNow().DateTime);

    private void Sample()
    {
        _appendStatistics.Turn();
        StoreStats stats = _store.GetStats();
        _puts.Sample(stats.MessagesAppended);
        _transferred.Sample(_pulls.Messages);
        _found.Sample(_pulls.Found);
        _missed.Sample(_pulls.Missed);
        _timersTaken.Sample(_timers.Counts.Taken);
        _timersDelivered.Sample(_timers.Counts.Delivered);
        DateOnly today = Today();
        if (today != _today)
        {
            _today = today;
            _yesterdayMorning = _todayMorning;
            _todayMorning = (stats.MessagesAppended, _pulls.Messages);
        }
    }
}

/// <summary>Options that the figures are made of.</summary>
internal sealed record RuntimeFigureOptions(BrokerSettings Broker, CurrentOptions<SendOptions> Sends, CurrentOptions<DelayOptions> Delays);
