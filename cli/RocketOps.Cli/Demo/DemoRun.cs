using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Demo;

/// <summary>
/// Sends messages with our client and receives them by a group of two members. Each message carries the run's id and
/// its number, so that what an earlier run left in the topic is told apart and each is counted exactly, and the number of its try.
/// </summary>
internal sealed class DemoRun(string nameServers, string topic, int queues, Shell shell, ILoggerFactory loggers)
{
    public const int MessageCount = 1000;
    private const string Group = "rocketops-demo";
    private const string RunProperty = "demoRun";
    private const string NumberProperty = "demoNumber";
    private const string TryProperty = "demoTry";
    private const int ConcurrentSends = 16;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(60);

    private readonly string _run = Guid.NewGuid().ToString("N");
    private readonly ConcurrentDictionary<int, int> _received = new();
    private readonly ConcurrentDictionary<(int Number, string? Try), int> _copies = new();
    private readonly int[] _byMember = new int[2];
    private int _sent;
    private int _duplicates;
    private volatile string _step = "waiting for all queues";
    private volatile bool _isDone;

    public DemoProgress Progress => new(
        _step, Volatile.Read(ref _sent), Volatile.Read(ref _byMember[0]), Volatile.Read(ref _byMember[1]), Volatile.Read(ref _duplicates), Volatile.Read(ref _sent) - _received.Count, _isDone);

    /// <summary>Runs to the end. Throws <see cref="CommandFailedException"/> when a step does not get done in time.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await using (RocketMqAdmin admin = new(shell.Patient(new AdminOptions { NameServers = nameServers, LoggerFactory = loggers, TimeProvider = shell.Time })))
        {
            await UntilAsync(() => HasAllQueuesAsync(admin, cancellation), $"the topic has {queues} queues", cancellation);
        }

        _step = "starting two consumers";
        await using RocketMqProducer producer = new(shell.Patient(new ProducerOptions { NameServers = nameServers, Group = Group + "-producer", LoggerFactory = loggers, TimeProvider = shell.Time }));
        await using RocketMqPushConsumer first = await StartConsumerAsync(0, cancellation);
        await using RocketMqPushConsumer second = await StartConsumerAsync(1, cancellation);

        // Queues change hands while members join, and what is under way then may come twice: at least once is the
        // protocol's promise. Once both have their share, each message comes exactly once.
        await UntilAsync(
            () => Task.FromResult(Share(first) is > 0 and var one && Share(second) is > 0 and var other && one + other == queues),
            $"the members share {queues} queues",
            cancellation);
        _step = "sending";
        RepeatedSend repeated = new(shell.Time, shell.Patient(StepTimeout));
        await Parallel.ForEachAsync(
            Enumerable.Range(0, MessageCount),
            new ParallelOptions { MaxDegreeOfParallelism = ConcurrentSends, CancellationToken = cancellation },
            async (number, token) =>
            {
                await repeated.RunAsync(number, attempt => producer.SendAsync(MessageOf(number, attempt), token), token);
                Interlocked.Increment(ref _sent);
            });
        _step = "receiving";
        await UntilAsync(() => Task.FromResult(_received.Count == MessageCount), "all messages are received", cancellation);

        // A stop waits for what is being handled: a duplicate on its way is counted.
        _step = "stopping the consumers";
        await Task.WhenAll(first.StopAsync(cancellation), second.StopAsync(cancellation));
        _isDone = true;
        _step = "done";
    }

    /// <summary>
    /// Tells whether every queue of the topic has a registered master. After a restart brokers register one after another: clients that
    /// start earlier would learn of the rest only at their next look.
    /// </summary>
    private async Task<bool> HasAllQueuesAsync(RocketMqAdmin admin, CancellationToken cancellation)
    {
        try
        {
            TopicRoute? route = await admin.GetTopicRouteAsync(topic, cancellation);
            return route is not null
                && route.Queues.Where(queue => route.Brokers.Any(broker => broker.BrokerName == queue.BrokerName && broker.MasterAddress is not null)).Sum(queue => queue.WriteQueues) == queues;
        }
        catch (RocketMqException)
        {
            // The name servers are not up yet; the deadline of the step says so in the end.
            return false;
        }
    }

    /// <summary>Queues of the topic; a member holds queues of its group's retry topic as well.</summary>
    private int Share(RocketMqPushConsumer member) => member.AssignedQueues.Count(queue => queue.Topic == topic);

    private Message MessageOf(int number, int attempt)
    {
        Message message = new(topic, Encoding.UTF8.GetBytes($"message {number} of run {_run}"), "demo", $"{_run}-{number}");
        return message.SetProperty(RunProperty, _run)
            .SetProperty(NumberProperty, number.ToString(CultureInfo.InvariantCulture))
            .SetProperty(TryProperty, attempt.ToString(CultureInfo.InvariantCulture));
    }

    private async Task<RocketMqPushConsumer> StartConsumerAsync(int member, CancellationToken cancellation)
    {
        RocketMqPushConsumer consumer = new(shell.Patient(new PushConsumerOptions
        {
            NameServers = nameServers,
            Group = Group,
            ConsumeFromWhere = ConsumeFromWhere.FirstOffset,
            LoggerFactory = loggers,
            TimeProvider = shell.Time,
        }));
        await consumer.SubscribeAsync(topic, "*", (message, _) => Receive(member, message), cancellation);
        await consumer.StartAsync(cancellation);
        return consumer;
    }

    private ValueTask<ConsumeResult> Receive(int member, ReceivedMessage message)
    {
        if (message.Properties.GetValueOrDefault(RunProperty) == _run
            && int.TryParse(message.Properties.GetValueOrDefault(NumberProperty), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            if (!_copies.TryAdd((number, message.Properties.GetValueOrDefault(TryProperty)), member))
            {
                Interlocked.Increment(ref _duplicates);
            }
            else if (_received.TryAdd(number, member))
            {
                // What was sent a second time, for want of an answer, may come a second time.
                Interlocked.Increment(ref _byMember[member]);
            }
        }

        return ValueTask.FromResult(ConsumeResult.Success);
    }

    private async Task UntilAsync(Func<Task<bool>> condition, string what, CancellationToken cancellation)
    {
        long begun = shell.Time.GetTimestamp();
        TimeSpan limit = shell.Patient(StepTimeout);
        while (!await condition())
        {
            if (shell.Time.GetElapsedTime(begun) > limit)
            {
                throw new CommandFailedException($"The demo waited {limit.TotalSeconds:0} s in vain until {what}. {Progress}");
            }

            await Task.Delay(Poll, shell.Time, cancellation);
        }
    }
}

/// <summary>Progress of the demo. Counted by message, so a message that comes twice is a duplicate and not progress.</summary>
internal sealed record DemoProgress(string Step, int Sent, int ReceivedByFirst, int ReceivedBySecond, int Duplicates, int Missing, bool IsDone)
{
    public bool Succeeded => IsDone && Sent == DemoRun.MessageCount && Duplicates == 0 && Missing == 0;
}
