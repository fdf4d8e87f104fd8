using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Client;

namespace RocketOps.WaitingLoad;

/// <summary>
/// Everything at once, at rates a small machine holds: plain messages and batches, ordered ones, delay levels, timers and their recall, transactions that commit and roll back,
/// requests and replies, consumers by tag, SQL92 and in order, and a member that comes and goes. Ends when what was sent has arrived, with no client left.
/// </summary>
internal sealed class SoakRun(string nameServer, TimeSpan time)
{
    private const string Plain = "SoakPlain";
    private const string Ordered = "SoakOrdered";
    private const string Later = "SoakLater";
    private const string Paid = "SoakPaid";
    private const string Asked = "SoakAsked";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan MemberTime = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // Bodies of this run; what an earlier one left in the topics is not counted.
    private readonly string _run = BrokerClient.NowMs.ToString(CultureInfo.InvariantCulture);
    private readonly ConcurrentDictionary<string, byte> _missing = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _mayCome = new(StringComparer.Ordinal);
    private long _number;
    private long _acknowledged;
    private long _refused;
    private long _received;
    private long _wrong;

    public async Task<string> RunAsync()
    {
        await using (RocketMqAdmin admin = new(new AdminOptions { NameServers = nameServer }))
        {
            foreach (string topic in (string[])[Plain, Ordered, Later, Paid, Asked])
            {
                await admin.CreateTopicAsync(topic, BrokerClient.Queues);
            }
        }

        using CancellationTokenSource stop = new(time);
        await using (RocketMqProducer producer = new(new ProducerOptions { NameServers = nameServer, Group = "soak", TransactionChecker = static (_, _) => ValueTask.FromResult(TransactionResolution.Rollback) }))
        {
            RocketMqPushConsumer[] consumers =
            [
                await ConsumeAsync("soak_plain", Plain, SubscriptionExpression.All, Note),
                await ConsumeAsync("soak_sql", Plain, SubscriptionExpression.Sql("number BETWEEN 0 AND 4 AND kind = 'soak'"), static _ => { }),
                await ConsumeAsync("soak_ordered", Ordered, SubscriptionExpression.All, Note, isOrderly: true),
                await ConsumeAsync("soak_later", Later, SubscriptionExpression.All, Note),
                await ConsumeAsync("soak_paid", Paid, SubscriptionExpression.All, Note),
                await AnswerAsync(producer),
            ];
            await Task.WhenAll(
                LoopAsync(() => SendPlainAsync(producer), stop.Token),
                LoopAsync(() => SendOrderedAsync(producer), stop.Token),
                LoopAsync(() => SendLaterAsync(producer), stop.Token),
                LoopAsync(() => PayAsync(producer), stop.Token),
                LoopAsync(() => AskAsync(producer), stop.Token),
                ComeAndGoAsync(stop.Token));
            await UntilReceivedAsync();
            foreach (RocketMqPushConsumer consumer in consumers)
            {
                await consumer.DisposeAsync();
            }
        }

        return FormattableString.Invariant($"acknowledged={_acknowledged} refused={_refused} received={_received} missing={_missing.Count} wrong={_wrong}");
    }

    private static async Task LoopAsync(Func<Task> work, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await work();
            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    private async Task UntilReceivedAsync()
    {
        long until = BrokerClient.NowMs + (long)Patience.TotalMilliseconds;
        while (!_missing.IsEmpty && BrokerClient.NowMs < until)
        {
            await Task.Delay(Pause);
        }
    }

    private string NextBody() => FormattableString.Invariant($"{_run}/{Interlocked.Increment(ref _number)}");

    /// <summary>True when the message was acknowledged; the consumer may have it before.</summary>
    private async Task<bool> SentAsync(Func<Task> send, params string[] bodies)
    {
        foreach (string body in bodies)
        {
            _missing.TryAdd(body, 0);
        }

        try
        {
            await send();
            Interlocked.Add(ref _acknowledged, bodies.Length);
            return true;
        }
        catch (RocketMqException)
        {
            // It may have been stored or not.
            Interlocked.Increment(ref _refused);
            foreach (string body in bodies)
            {
                _missing.TryRemove(body, out _);
            }

            return false;
        }
    }

    private void Note(string body)
    {
        Interlocked.Increment(ref _received);
        if (body.EndsWith("/never", StringComparison.Ordinal) && body.StartsWith(_run, StringComparison.Ordinal) && !_mayCome.ContainsKey(body))
        {
            Interlocked.Increment(ref _wrong);
        }

        _missing.TryRemove(body, out _);
    }

    private async Task SendPlainAsync(RocketMqProducer producer)
    {
        string[] bodies = [.. Enumerable.Range(0, 5).Select(_ => NextBody())];
        Message[] messages = [.. bodies.Select(static (body, number) => new Message(Plain, body) { Tag = $"T{number}" }.SetProperty("number", number.ToString(CultureInfo.InvariantCulture)).SetProperty("kind", "soak"))];
        await SentAsync(() => producer.SendAsync(messages[0]), bodies[0]);
        await SentAsync(() => producer.SendBatchAsync(messages[1..]), bodies[1..]);
    }

    private Task<bool> SendOrderedAsync(RocketMqProducer producer)
    {
        string body = NextBody();
        return SentAsync(() => producer.SendAsync(new Message(Ordered, body), shardingKey: $"key{body[^1]}"), body);
    }

    private async Task SendLaterAsync(RocketMqProducer producer)
    {
        string level = NextBody();
        await SentAsync(() => producer.SendAsync(new Message(Later, level) { DelayLevel = 1 }), level);
        string timer = NextBody();
        await SentAsync(() => producer.SendAsync(new Message(Later, timer) { DeliverAfter = TimeSpan.FromSeconds(2) }), timer);

        // Due within the run, and taken back at once.
        string never = NextBody() + "/never";
        SendResult? sent = null;
        if (await SentAsync(async () => sent = await producer.SendAsync(new Message(Later, never) { DeliverAfter = TimeSpan.FromSeconds(30) }), never)
            && !await SentAsync(() => producer.RecallAsync(sent!.RecallHandle!)))
        {
            _mayCome.TryAdd(never, 0);
        }

        _missing.TryRemove(never, out _);
    }

    private async Task PayAsync(RocketMqProducer producer)
    {
        string body = NextBody();
        await SentAsync(
            async () =>
            {
                await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message(Paid, body));
                await transaction.CommitAsync();
            },
            body);
        string never = NextBody() + "/never";
        if (await SentAsync(
            async () =>
            {
                await using IMessageTransaction transaction = await producer.BeginTransactionAsync(new Message(Paid, never));
                await transaction.RollbackAsync();
            },
            never))
        {
            _missing.TryRemove(never, out _);
        }
    }

    private async Task AskAsync(RocketMqProducer producer)
    {
        string body = NextBody();
        if (await SentAsync(() => producer.RequestAsync(new Message(Asked, body), TimeSpan.FromSeconds(20)), body))
        {
            _missing.TryRemove(body, out _);
        }
    }

    /// <summary>A group of its own whose member leaves and joins, on connections of its own.</summary>
    private async Task ComeAndGoAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await using RocketMqPushConsumer member = await ConsumeAsync("soak_guest", Plain, SubscriptionExpression.Tags("T1 || T2"), static _ => { });
                await Task.Delay(MemberTime, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (RocketMqException failure)
            {
                // A machine that is short of CPU: the next member may come through.
                await Console.Error.WriteLineAsync($"a member could not join: {failure.Message}");
            }
        }
    }

    private async Task<RocketMqPushConsumer> ConsumeAsync(string group, string topic, SubscriptionExpression expression, Action<string> note, bool isOrderly = false)
    {
        RocketMqPushConsumer consumer = new(Options(group) with { IsOrderly = isOrderly });
        await consumer.SubscribeAsync(topic, expression, (message, _) =>
        {
            note(message.GetText());
            return ValueTask.FromResult(ConsumeResult.Success);
        });
        await consumer.StartAsync();
        return consumer;
    }

    private async Task<RocketMqPushConsumer> AnswerAsync(RocketMqProducer producer)
    {
        RocketMqPushConsumer consumer = new(Options("soak_asked"));
        await consumer.SubscribeAsync(Asked, "*", async (message, cancellationToken) =>
        {
            if (message.IsRequest && message.GetText().StartsWith(_run, StringComparison.Ordinal))
            {
                await producer.ReplyAsync(message, "so it is", cancellationToken);
            }

            return ConsumeResult.Success;
        });
        await consumer.StartAsync();
        return consumer;
    }

    private PushConsumerOptions Options(string group) => new()
    {
        NameServers = nameServer,
        Group = group,
        InstanceName = $"{group}-{_run}-{BrokerClient.NowMs}",
        ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
    };
}
