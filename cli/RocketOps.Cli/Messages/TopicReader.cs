using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary>
/// Reads all queues of one or more topics in no group. Queues that appear while it runs are read from their first message on: nobody could have asked for them to be left out.
/// </summary>
internal sealed class TopicReader(Shell shell, ClusterConnection cluster, ConsumeOptions options, MessagePrinter printer)
{
    private const int PullBatch = 32;
    private const int MaxWaiting = 1024;
    private static readonly TimeSpan LookForQueues = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Channel<ReceivedMessage> _found = Channel.CreateBounded<ReceivedMessage>(MaxWaiting);
    private readonly Dictionary<MessageQueue, Task> _queues = [];

    /// <summary>Addresses of the brokers, by topic and the broker's name.</summary>
    private readonly ConcurrentDictionary<string, Dictionary<string, string>> _brokers = new(StringComparer.Ordinal);

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task reading = ReadAllAsync(stop.Token);
        long shown = 0;
        try
        {
            await foreach (ReceivedMessage message in _found.Reader.ReadAllAsync(cancellation))
            {
                await printer.WriteAsync(message, cancellation);
                if (++shown == options.Count)
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Ctrl-C is how following ends.
            return options.Exit || options.Count is not null ? ExitCodes.Interrupted : ExitCodes.Success;
        }
        finally
        {
            await stop.CancelAsync();
            await reading;
        }

        return ExitCodes.Success;
    }

    /// <summary>Ends with <see cref="ConsumeOptions.Exit"/>, with a failure, or when cancelled; the reader of the channel gets to know. Never throws.</summary>
    private async Task ReadAllAsync(CancellationToken cancellation)
    {
        Exception? failure = null;
        try
        {
            await StartNewQueuesAsync(options.From, cancellation);
            if (options.Topics.FirstOrDefault(topic => !_queues.Keys.Any(queue => queue.Topic == topic)) is { } unread)
            {
                throw CommandFailedException.Missing(options.Queue is null ? $"topic {unread} has no queue that can be read." : $"topic {unread} has no queue {options.Queue} that can be read.");
            }

            while (!options.Exit)
            {
                await Task.Delay(LookForQueues, shell.Time, cancellation);
                await TryStartNewQueuesAsync(cancellation);
            }

            await Task.WhenAll(_queues.Values);
        }
        catch (Exception failed)
        {
            failure = failed;
        }

        _found.Writer.TryComplete(failure);
        await Task.WhenAll(_queues.Values);
    }

    private async Task TryStartNewQueuesAsync(CancellationToken cancellation)
    {
        try
        {
            await StartNewQueuesAsync(StartPoint.Beginning, cancellation);
        }
        catch (RocketMqException)
        {
            // What is read goes on; the name servers are asked again in a moment, and reading says by itself when a broker is gone.
        }
    }

    private async Task StartNewQueuesAsync(StartPoint from, CancellationToken cancellation)
    {
        foreach (string topic in options.Topics)
        {
            if (await cluster.Admin.GetTopicRouteAsync(topic, cancellation) is { } route)
            {
                StartNewQueues(topic, route, from, cancellation);
            }
        }
    }

    private void StartNewQueues(string topic, TopicRoute route, StartPoint from, CancellationToken cancellation)
    {
        // Slaves read as well as masters.
        Dictionary<string, string> brokers = route.Brokers.Where(static broker => broker.Addresses.Count > 0)
            .ToDictionary(static broker => broker.BrokerName, static broker => broker.Addresses.MinBy(static member => member.Key).Value, StringComparer.Ordinal);
        _brokers[topic] = brokers;
        foreach (MessageQueue queue in Queues(topic, route, brokers))
        {
            if (!_queues.ContainsKey(queue))
            {
                _queues[queue] = ReadGuardedAsync(queue, from, cancellation);
            }
        }
    }

    private IEnumerable<MessageQueue> Queues(string topic, TopicRoute route, Dictionary<string, string> brokers) =>
        from data in route.Queues
        where data.Permission.HasFlag(TopicPermission.Read) && brokers.ContainsKey(data.BrokerName)
        from id in Enumerable.Range(0, Math.Clamp(data.ReadQueues, 0, ushort.MaxValue))
        let number = id.ToString(CultureInfo.InvariantCulture)
        where options.Queue is null || options.Queue == number || options.Queue == $"{data.BrokerName}/{number}"
        select new MessageQueue(topic, data.BrokerName, id);

    /// <summary>Name of a queue in messages to the user.</summary>
    private string Name(MessageQueue queue) => $"{(options.Topics.Count > 1 ? queue.Topic + " " : string.Empty)}{queue.BrokerName}/{queue.QueueId}";

    /// <summary>Never throws: what goes wrong ends the whole command.</summary>
    private async Task ReadGuardedAsync(MessageQueue queue, StartPoint from, CancellationToken cancellation)
    {
        try
        {
            await ReadAsync(queue, from, cancellation);
        }
        catch (Exception failure)
        {
            _found.Writer.TryComplete(failure);
        }
    }

    private async Task ReadAsync(MessageQueue queue, StartPoint from, CancellationToken cancellation)
    {
        long? offset = null;
        long? end = null;
        bool isFailing = false;
        while (true)
        {
            try
            {
                string broker = _brokers[queue.Topic].GetValueOrDefault(queue.BrokerName) ?? throw new RocketMqException($"broker {queue.BrokerName} is not registered");
                offset ??= await from.ResolveAsync(cluster.Reader, broker, queue, cancellation);
                if (options.Exit && offset >= (end ??= await EndAsync(broker, queue, cancellation)))
                {
                    return;
                }

                ReadResult read = await cluster.Reader.ReadAsync(broker, queue, offset.Value, PullBatch, options.Expression, options.Exit ? TimeSpan.Zero : LongPoll, cancellation);
                isFailing = false;
                offset = await PassOnAsync(queue, read, end, cancellation);
            }
            catch (RocketMqException failure) when (!options.Exit)
            {
                // A roll or a restart is no reason to end; it is said once.
                if (!isFailing)
                {
                    await shell.Error.WriteLineAsync($"{Name(queue)}: {Failures.Describe(failure)}; trying again");
                    isFailing = true;
                }

                await Task.Delay(RetryDelay, shell.Time, cancellation);
            }
        }
    }

    /// <summary>The first offset that is not read any more, as things are now.</summary>
    private async Task<long> EndAsync(string broker, MessageQueue queue, CancellationToken cancellation)
    {
        long end = await cluster.Reader.GetMaxOffsetAsync(broker, queue, cancellation);

        // Apache's 4.x brokers may name the last message before the time, or another one of the same millisecond: one more is read, and judged by its own time.
        return options.To is { } time ? Math.Min(end, await cluster.Reader.FindOffsetAsync(broker, queue, time, cancellation) + 1) : end;
    }

    /// <summary>Returns where to go on.</summary>
    private async Task<long> PassOnAsync(MessageQueue queue, ReadResult read, long? end, CancellationToken cancellation)
    {
        foreach (string problem in read.Problems)
        {
            await shell.Error.WriteLineAsync($"{Name(queue)}: a message cannot be shown: {problem}");
        }

        foreach (ReceivedMessage message in read.Messages)
        {
            if ((end is null || message.QueueOffset < end) && !(message.StoreTime >= options.To))
            {
                await _found.Writer.WriteAsync(message, cancellation);
            }
        }

        return read.NextOffset;
    }
}
