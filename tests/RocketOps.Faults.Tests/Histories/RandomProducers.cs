using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Client;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>The producers of a random history, one of every kind, each with one send under way until they are to stop; what is refused or lost is sent no second time.</summary>
/// <param name="server">Where to.</param>
/// <param name="seed">Of what they choose.</param>
/// <param name="sent">Gets every attempt.</param>
public sealed class RandomProducers(ServerUnderTest server, int seed, ConcurrentQueue<SentMessage> sent) : IAsyncDisposable
{
    private const int OrderedKeys = 4;
    private const int MovedKeys = 2;
    private const int LongestTimerMs = 3_000;

    private static readonly TimeSpan ProducerPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(50);

    private readonly List<RocketMqProducer> _producers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _remaking = new(1, 1);
    private Task _producing = Task.CompletedTask;

    public void Start() => _producing = Task.WhenAll([
        ProducePlainAsync(), ProduceLateAsync(), ProduceTimedAsync(), ProduceTransactionsAsync(), ProduceRemadeAsync(),
        .. Enumerable.Range(0, OrderedKeys).Select(key => ProduceOrderedAsync("Ordered", $"k{key}")), .. Enumerable.Range(0, MovedKeys).Select(key => ProduceOrderedAsync(StaticTopic.Name, $"m{key}")),
    ]);

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _producing;
    }

    /// <summary>
    /// Sends nothing to the topic that is made again, from now until what is returned is disposed of: members that begin anew in it must be told so before it is longer than the one that they have read.
    /// </summary>
    public async Task<IDisposable> PauseRemadeAsync()
    {
        await _remaking.WaitAsync();
        return new Pause(_remaking);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (RocketMqProducer producer in _producers)
        {
            await producer.DisposeAsync();
        }

        _stop.Dispose();
        _remaking.Dispose();
    }

    private RocketMqProducer Producer(string group, TransactionChecker? checker = null)
    {
        RocketMqProducer producer = new(new ProducerOptions
        {
            NameServers = server.NameServerAddress,
            Group = group,
            RequestTimeout = RandomRun.AnswerPatience,
            SendTimeout = RandomRun.AnswerPatience,
            InstanceName = $"{group}-{seed}",
            HeartbeatInterval = TimeSpan.FromSeconds(1),
            RouteRefreshInterval = TimeSpan.FromSeconds(1),
            TransactionChecker = checker,
            OnError = static _ => { },
        });
        _producers.Add(producer);
        return producer;
    }

    private async Task ProducePlainAsync()
    {
        Random random = new(seed + 1);
        RocketMqProducer producer = Producer("plain");
        int sequence = 0;
        while (!_stop.IsCancellationRequested)
        {
            int count = random.Next(3) == 0 ? random.Next(2, 6) : 1;
            long at = RandomRun.Now();
            Message[] messages = [.. Enumerable.Range(sequence, count).Select(static number => new Message("Plain", SentMessage.BodyOf("Plain", "p", number)))];
            bool done = await TryAsync(() => count == 1 ? producer.SendAsync(messages[0]) : producer.SendBatchAsync(messages));
            for (; count > 0; count--)
            {
                sent.Enqueue(new SentMessage("Plain", "p", sequence++, done, At: at));
            }
        }
    }

    private async Task ProduceOrderedAsync(string topic, string key)
    {
        RocketMqProducer producer = Producer($"ordered_{key}");
        for (int sequence = 0; !_stop.IsCancellationRequested; sequence++)
        {
            long at = RandomRun.Now();
            Message message = new(topic, SentMessage.BodyOf(topic, key, sequence));
            sent.Enqueue(new SentMessage(topic, key, sequence, await TryAsync(() => producer.SendAsync(message, shardingKey: key)), At: at));
        }
    }

    private async Task ProduceLateAsync()
    {
        RocketMqProducer producer = Producer("late");
        for (int sequence = 0; !_stop.IsCancellationRequested; sequence++)
        {
            int level = 1 + (sequence % 2);
            long notBefore = RandomRun.Now() + (level * 1_000);
            Message message = new("Late", SentMessage.BodyOf("Late", "d", sequence)) { DelayLevel = level };
            sent.Enqueue(new SentMessage("Late", "d", sequence, await TryAsync(() => producer.SendAsync(message)), NotBefore: notBefore));
        }
    }

    private async Task ProduceTimedAsync()
    {
        Random random = new(seed + 3);
        RocketMqProducer producer = Producer("timed");
        for (int sequence = 0; !_stop.IsCancellationRequested; sequence++)
        {
            long notBefore = RandomRun.Now() + random.Next(LongestTimerMs);
            Message message = new("Timed", SentMessage.BodyOf("Timed", "w", sequence)) { DeliverAt = DateTimeOffset.FromUnixTimeMilliseconds(notBefore) };
            sent.Enqueue(new SentMessage("Timed", "w", sequence, await TryAsync(() => producer.SendAsync(message)), NotBefore: notBefore));
        }
    }

    private async Task ProduceRemadeAsync()
    {
        RocketMqProducer producer = Producer("remade");
        for (int sequence = 0; !_stop.IsCancellationRequested; sequence++)
        {
            await _remaking.WaitAsync();
            try
            {
                long at = RandomRun.Now();
                Message message = new("Remade", SentMessage.BodyOf("Remade", "r", sequence));
                sent.Enqueue(new SentMessage("Remade", "r", sequence, await TryAsync(() => producer.SendAsync(message)), At: at));
            }
            finally
            {
                _remaking.Release();
            }
        }
    }

    private async Task ProduceTransactionsAsync()
    {
        Random random = new(seed + 2);
        RocketMqProducer producer = Producer("paid", static (message, _) => ValueTask.FromResult(IsRolledBack(message.GetText()) ? TransactionResolution.Rollback : TransactionResolution.Commit));
        for (int sequence = 0; !_stop.IsCancellationRequested; sequence++)
        {
            string body = SentMessage.BodyOf("Paid", "t", sequence);
            bool leavesOpen = random.Next(4) == 0;
            IMessageTransaction? transaction = null;
            bool begun = await TryAsync(async () => transaction = await producer.BeginTransactionAsync(new Message("Paid", body)));
            sent.Enqueue(new SentMessage("Paid", "t", sequence, begun, IsRolledBack(body)));
            if (begun && !leavesOpen)
            {
                // An end that does not arrive is asked for later.
                await TryAsync(async () =>
                {
                    await (IsRolledBack(body) ? transaction!.RollbackAsync() : transaction!.CommitAsync());
                    return true;
                });
            }
        }
    }

    // Every third transaction comes to nothing: all that are asked about one say the same.
    private static bool IsRolledBack(string body) => int.Parse(body[(body.LastIndexOf('/') + 1)..], CultureInfo.InvariantCulture) % 3 == 0;

    private static async Task<bool> TryAsync<T>(Func<Task<T>> send)
    {
        bool done = true;
        try
        {
            await send();
        }
        catch (RocketMqException)
        {
            done = false;
            await Task.Delay(ReconnectPause);
        }

        await Task.Delay(ProducerPause);
        return done;
    }

    private sealed class Pause(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
