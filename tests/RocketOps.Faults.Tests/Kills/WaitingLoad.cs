using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RocketOps.Faults.Tests.Histories;
using RocketOps.Faults.Tests.Loads;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>
/// Producers of messages that wait: in delay levels, as timers that are due within seconds, and as timers that are due later, of which every second is taken back. They go on over
/// any number of broker deaths. All by plain frames: nothing of ours but the broker is trusted here.
/// </summary>
public sealed class WaitingLoad : IAsyncDisposable
{
    public const string Topic = "Waiting";
    public const int Queues = 4;

    private const int Producers = 8;
    private const int GetBrokerRuntimeInfo = 28;

    /// <summary>The messages that are taken back are due so much later, and later still on a machine on which the broker does not come to read recalls by then.</summary>
    private const int ShortestLaterMs = 3_000;
    private const int LongestLaterMs = 60_000;

    private static readonly TimeSpan ObservationPause = TimeSpan.FromMilliseconds(100);

    private readonly ServerUnderTest _server;
    private readonly Workers _producers = new();
    private readonly Workers _observer = new();
    private readonly ConcurrentBag<Sending> _sent = [];
    private readonly ConcurrentQueue<Observation> _observations = [];
    private readonly ConcurrentDictionary<int, long> _readMs = [];
    private long _acknowledged;
    private volatile int _life;
    private volatile int _laterMs = ShortestLaterMs;

    private WaitingLoad(ServerUnderTest server) => _server = server;

    /// <summary>Sends acknowledged so far.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Whether a message was taken back in time, for certain, and its time is over.</summary>
    public bool HasTakenBack => _sent.Any(IsTakenBack);

    private static long NowMs => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    public static WaitingLoad Start(ServerUnderTest server)
    {
        WaitingLoad load = new(server);
        load._producers.Start(Producers, load.ProduceAsync);
        load._observer.Start(1, _ => load._observer.AgainAsync(load.ObserveAsync));
        return load;
    }

    /// <summary>Call before the broker is killed: what was seen of it does not hold for the one that comes.</summary>
    public void BrokerDies() => Interlocked.Increment(ref _life);

    /// <summary>Ends the producers; a failure of one other than a lost connection surfaces here.</summary>
    public Task StopAsync() => _producers.StopAsync();

    /// <summary>What was sent. A message of which it is not known whether it was taken back may come or not.</summary>
    public IReadOnlyCollection<SentMessage> Sent() =>
        [.. _sent.Select(sending => new SentMessage(Topic, sending.Key, sending.Sequence, sending.IsAcknowledged && sending.Recall != Recall.Unknown && IsCertain(sending), IsTakenBack(sending), sending.NotBeforeMs))];

    /// <summary>Whether the broker has read every message and every recall, and the times of all are over.</summary>
    public bool IsOver()
    {
        long last = _sent.Max(static sending => sending.NotBeforeMs);
        Observation[] ofThisLife = [.. _observations.Where(seen => seen.Life == _life)];
        return ofThisLife.Any(static seen => seen.IsLoaded) && ofThisLife.Any(seen => seen.HasReadAll && seen.ReadMs > last);
    }

    /// <summary>Every message that is there now, with the time the broker stored it at.</summary>
    public static Task<IReadOnlyList<Receipt>> ReadAllAsync(ServerUnderTest server)
    {
        int number = 0;
        return StoredQueues.ReadAllAsync(
            server.BrokerAddress,
            Topic,
            Queues,
            record => new Receipt(number++, "all", Encoding.UTF8.GetString(record.Body.Span), record.StoreTimestamp));
    }

    public async ValueTask DisposeAsync()
    {
        await _producers.DisposeAsync();
        await _observer.DisposeAsync();
    }

    private bool IsTakenBack(Sending sending) => sending.IsAcknowledged && sending.Recall == Recall.Done && IsCertain(sending);

    /// <summary>
    /// A recall is in the broker's books some moments after it was acknowledged, and from the start on again some moments after it serves; a message that is due by then comes before the recall
    /// behind it is read. So it counts when one life of the broker had read it before the message's time and was there until that was over, by what the broker itself said.
    /// </summary>
    private bool IsCertain(Sending sending) =>
        sending.Recall == Recall.None
        || (sending.Recall == Recall.Done && _observations.Any(seen => seen.IsLoaded && seen.HasReadAll && seen.BegunMs >= sending.RecalledMs && seen.EndedMs < sending.NotBeforeMs
            && _readMs.GetValueOrDefault(seen.Life) > sending.NotBeforeMs));

    /// <summary>Asks the broker how far its timers are, again and again.</summary>
    private async Task ObserveAsync()
    {
        int life = _life;
        await using RawConnection broker = await RawConnection.ConnectAsync(_server.BrokerAddress);
        long caughtUpMs = NowMs;

        // Else it may be the next one that was reached.
        bool isThisLife = life == _life;
        while (isThisLife && !_observer.IsStopping)
        {
            long begunMs = NowMs;
            using JsonDocument answer = JsonDocument.Parse((await broker.RequestAsync(GetBrokerRuntimeInfo)).Body);
            JsonElement table = answer.RootElement.GetProperty("table");
            long Figure(string name) => long.Parse(table.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);

            // Whole seconds are said, and none while nothing waits.
            Observation seen = new(
                life,
                begunMs,
                NowMs,
                IsLoaded: Figure("timerCongestNum") > 0,
                HasReadAll: Figure("timerOffsetBehind") == 0 && Figure("dispatchBehindBytes") <= 0,
                ReadMs: begunMs - ((Figure("timerReadBehind") + 1) * 1_000));
            _observations.Enqueue(seen);
            _readMs[life] = seen.ReadMs;
            caughtUpMs = seen is { IsLoaded: true, HasReadAll: true } ? seen.BegunMs : caughtUpMs;
            if (NowMs - caughtUpMs > _laterMs / 2)
            {
                _laterMs = Math.Min(2 * _laterMs, LongestLaterMs);
            }

            await Task.Delay(ObservationPause);
        }
    }

    private async Task ProduceAsync(int producer)
    {
        int sequence = 0;
        Random random = new(producer);
        await _producers.AgainAsync(_server, async broker =>
        {
            while (!_producers.IsStopping)
            {
                await SendAsync(broker, $"p{producer}", sequence++, random);
            }
        });
    }

    private async Task SendAsync(RawConnection broker, string key, int sequence, Random random)
    {
        int kind = sequence % 4;
        long begunMs = NowMs;
        long dueMs = begunMs + (kind < 2 ? (kind + 1) * 1_000 : kind == 2 ? random.Next(200, 4_000) : _laterMs);
        string properties = kind < 2 ? $"DELAY\u0001{kind + 1}\u0002" : FormattableString.Invariant($"TIMER_DELIVER_MS\u0001{dueMs}\u0002");
        Sending sending = new(key, sequence) { NotBeforeMs = dueMs };
        try
        {
            byte[] body = Encoding.UTF8.GetBytes(SentMessage.BodyOf(Topic, key, sequence));
            RawFrame answer = await RawBroker.SendAsync(broker, Topic, sequence % Queues, body, $"UNIQ_KEY\u0001{key}-{sequence}\u0002{properties}");
            if (answer.Code != RawBroker.Success)
            {
                return;
            }

            sending.IsAcknowledged = true;
            Interlocked.Increment(ref _acknowledged);

            // A message that is due by the time the broker comes to it is no timer, and has no handle.
            if (kind == 3 && sequence % 8 == 7 && answer.ExtFields.TryGetValue("recallHandle", out string? handle))
            {
                sending.Recall = Recall.Unknown;
                if ((await RawBroker.RecallAsync(broker, Topic, handle)).Code == RawBroker.Success)
                {
                    sending.RecalledMs = NowMs;
                    sending.Recall = Recall.Done;
                }
            }
        }
        finally
        {
            _sent.Add(sending);
        }
    }

    /// <summary>What the broker said of its timers.</summary>
    /// <param name="Life">Of the broker: the number of kills before it was asked.</param>
    /// <param name="BegunMs">When it was asked.</param>
    /// <param name="EndedMs">When it had answered.</param>
    /// <param name="IsLoaded">Messages wait, so it knows of them; one that has just started knows of none.</param>
    /// <param name="HasReadAll">Every message and recall that had been acknowledged was in its slot or delivered.</param>
    /// <param name="ReadMs">Everything that was due by then was delivered.</param>
    private sealed record Observation(int Life, long BegunMs, long EndedMs, bool IsLoaded, bool HasReadAll, long ReadMs);

    private enum Recall
    {
        None,
        Unknown,
        Done,
    }

    private sealed class Sending(string key, int sequence)
    {
        public string Key => key;

        public int Sequence => sequence;

        public required long NotBeforeMs { get; init; }

        public bool IsAcknowledged { get; set; }

        public Recall Recall { get; set; }

        public long RecalledMs { get; set; }
    }
}
