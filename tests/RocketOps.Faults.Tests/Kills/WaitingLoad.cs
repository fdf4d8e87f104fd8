using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using RocketOps.Faults.Tests.Histories;
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
    private const int LaterMs = 10_000;

    /// <summary>
    /// A recall is in the broker's books some moments after it was acknowledged, and from the start on again some moments after it serves. Without a broker in these moments a
    /// message that is due by then comes as one that is late, before the recall behind it is read.
    /// </summary>
    private const int RecallTakesMs = 4_000;

    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(20);

    private readonly ServerUnderTest _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Sending> _sent = [];
    private readonly List<(long From, long To)> _dead = [];
    private readonly List<Task> _tasks = [];
    private long _acknowledged;
    private long _recalled;

    private WaitingLoad(ServerUnderTest server) => _server = server;

    /// <summary>Sends acknowledged so far.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Recalls acknowledged since the broker was started last.</summary>
    public long Recalled => Interlocked.Read(ref _recalled);

    private static long NowMs => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    public static WaitingLoad Start(ServerUnderTest server)
    {
        WaitingLoad load = new(server);
        load._tasks.AddRange(Enumerable.Range(0, Producers).Select(load.ProduceAsync));
        return load;
    }

    /// <summary>Call before the broker is killed.</summary>
    public void BrokerDies() => _dead.Add((NowMs, long.MaxValue));

    /// <summary>Call when it serves again.</summary>
    public void BrokerServes()
    {
        _dead[^1] = (_dead[^1].From, NowMs);
        Interlocked.Exchange(ref _recalled, 0);
    }

    /// <summary>Ends the load; a failure of a producer other than a lost connection surfaces here.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks);
    }

    /// <summary>What was sent. A message of which it is not known whether it was taken back may come or not.</summary>
    public IReadOnlyCollection<SentMessage> Sent() =>
        [.. _sent.Select(sending => new SentMessage(Topic, sending.Key, sending.Sequence, sending.IsAcknowledged && sending.Recall != Recall.Unknown && IsCertain(sending), IsTakenBack(sending), sending.NotBeforeMs))];

    /// <summary>Whether everything was due some moments ago.</summary>
    public bool IsOver() => _sent.Max(static sending => sending.NotBeforeMs) + RecallTakesMs < NowMs;

    /// <summary>Every message that is there now, with the time the broker stored it at.</summary>
    public static async Task<IReadOnlyList<Receipt>> ReadAllAsync(ServerUnderTest server)
    {
        List<Receipt> all = [];
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        for (int queue = 0; queue < Queues; queue++)
        {
            long next = 0;
            while (true)
            {
                RawFrame answer = await RawBroker.PullAsync(broker, Topic, queue, next, maxMessages: 256);
                if (answer.Code != RawBroker.Success)
                {
                    break;
                }

                foreach (RawRecord record in RawRecord.DecodeAll(answer.Body))
                {
                    all.Add(new Receipt(all.Count, "all", Encoding.UTF8.GetString(record.Body.Span), record.StoreTimestamp));
                    next = record.QueueOffset + 1;
                }
            }
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static bool IsLostConnection(Exception exception) => exception is SocketException or IOException;

    private bool IsTakenBack(Sending sending) => sending.IsAcknowledged && sending.Recall == Recall.Done && IsCertain(sending);

    private bool IsCertain(Sending sending) =>
        sending.Recall == Recall.None || (sending.RecalledMs < sending.NotBeforeMs - RecallTakesMs && !_dead.Any(dead => dead.From < sending.NotBeforeMs && dead.To > sending.NotBeforeMs - RecallTakesMs));

    private async Task ProduceAsync(int producer)
    {
        await Task.Yield();
        int sequence = 0;
        Random random = new(producer);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using RawConnection broker = await RawConnection.ConnectAsync(_server.BrokerAddress);
                while (!_stop.IsCancellationRequested)
                {
                    await SendAsync(broker, $"p{producer}", sequence++, random);
                }
            }
            catch (Exception exception) when (IsLostConnection(exception))
            {
                await Task.Delay(ReconnectPause);
            }
        }
    }

    private async Task SendAsync(RawConnection broker, string key, int sequence, Random random)
    {
        int kind = sequence % 4;
        long begunMs = NowMs;
        long dueMs = begunMs + (kind < 2 ? (kind + 1) * 1_000 : kind == 2 ? random.Next(200, 4_000) : LaterMs);
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
            if (kind == 3 && sequence % 8 == 7)
            {
                sending.Recall = Recall.Unknown;
                if ((await RawBroker.RecallAsync(broker, Topic, answer.ExtFields["recallHandle"])).Code == RawBroker.Success)
                {
                    sending.Recall = Recall.Done;
                    sending.RecalledMs = NowMs;
                    Interlocked.Increment(ref _recalled);
                }
            }
        }
        finally
        {
            _sent.Add(sending);
        }
    }

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
