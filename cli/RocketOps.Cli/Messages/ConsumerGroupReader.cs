using RocketOps.Cli.Connecting;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary>Reads topics as a member of a consumer group: a message counts as consumed once it is written.</summary>
internal sealed class ConsumerGroupReader(Shell shell, ClusterConnection cluster, ConsumeOptions options, MessagePrinter printer)
{
    private static readonly TimeSpan CommitInterval = TimeSpan.FromMilliseconds(500);

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ConsumeResult> _never = new();
    private long _shown;

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        string group = options.Group!;
        IReadOnlyDictionary<MessageQueue, long> ends = options.Exit ? await EndsAsync(cancellation) : new Dictionary<MessageQueue, long>();
        using ErrorLoggerFactory loggers = new(shell.Error);
        await using (RocketMqPushConsumer consumer = new(shell.Patient(new PushConsumerOptions
        {
            NameServers = cluster.NameServers,
            Group = group,
            ConsumeFromWhere = options.From switch { { Time: not null } => ConsumeFromWhere.Timestamp, _ when options.From == StartPoint.End => ConsumeFromWhere.LastOffset, _ => ConsumeFromWhere.FirstOffset },
            ConsumeFromTime = options.From.Time,
            MaxConcurrency = 1,
            CommitInterval = CommitInterval,

            // The one message that may still be held back is given to another member, or to this group's next.
            ShutdownTimeout = TimeSpan.FromSeconds(1),
            TimeProvider = shell.Time,
            LoggerFactory = loggers,
        })))
        {
            foreach (string topic in options.Topics)
            {
                await consumer.SubscribeAsync(topic, options.Expression, (message, _) => ShowAsync(message), cancellation);
            }

            await consumer.StartAsync(cancellation);
            try
            {
                await Task.WhenAny(_done.Task, options.Exit ? ReadToAsync(ends, group, cancellation) : Task.Delay(Timeout.InfiniteTimeSpan, cancellation)).Unwrap();
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return options.Exit || options.Count is not null ? ExitCodes.Interrupted : ExitCodes.Success;
            }
        }

        return ExitCodes.Success;
    }

    /// <summary>One at a time. What comes after the last one asked for is never finished: neither done nor given back, it stays the group's.</summary>
    private async ValueTask<ConsumeResult> ShowAsync(ReceivedMessage message)
    {
        if (_shown == options.Count || _done.Task.IsCompleted)
        {
            return await _never.Task;
        }

        try
        {
            await printer.WriteAsync(message, CancellationToken.None);
        }
        catch (IOException unwritten)
        {
            _done.TrySetException(unwritten);
            return await _never.Task;
        }

        if (++_shown == options.Count)
        {
            _done.TrySetResult();
        }

        return ConsumeResult.Success;
    }

    private async Task<IReadOnlyDictionary<MessageQueue, long>> EndsAsync(CancellationToken cancellation)
    {
        Dictionary<MessageQueue, long> ends = [];
        foreach ((string topic, string master) in await MastersAsync(cancellation))
        {
            TopicStats stats = await cluster.Admin.GetTopicStatsAsync(master, topic, cancellation);
            foreach ((MessageQueue queue, QueueOffsets offsets) in stats.Queues.Where(static queue => queue.Value.MaxOffset > queue.Value.MinOffset))
            {
                ends[queue] = offsets.MaxOffset;
            }
        }

        return ends;
    }

    /// <summary>Each topic with each master that has it.</summary>
    private async Task<IReadOnlyList<(string Topic, string Master)>> MastersAsync(CancellationToken cancellation)
    {
        List<(string Topic, string Master)> masters = [];
        foreach (string topic in options.Topics)
        {
            TopicRoute route = await cluster.RouteAsync(topic, cancellation);
            masters.AddRange(ClusterConnection.WithMaster(route.Brokers).Select(broker => (topic, broker.MasterAddress!)));
        }

        return masters;
    }

    /// <summary>Returns when the group has come to the end of every queue, whichever member it was.</summary>
    private async Task ReadToAsync(IReadOnlyDictionary<MessageQueue, long> ends, string group, CancellationToken cancellation)
    {
        while (true)
        {
            Dictionary<MessageQueue, long> reached = [];
            foreach ((string topic, string master) in await MastersAsync(cancellation))
            {
                ConsumeStats stats = await cluster.Admin.GetConsumeStatsAsync(master, group, topic, cancellation);
                foreach ((MessageQueue queue, ConsumerQueueOffsets offsets) in stats.Queues)
                {
                    reached[queue] = offsets.ConsumerOffset;
                }
            }

            if (ends.All(end => reached.TryGetValue(end.Key, out long offset) && offset >= end.Value))
            {
                return;
            }

            await Task.Delay(CommitInterval, shell.Time, cancellation);
        }
    }
}
