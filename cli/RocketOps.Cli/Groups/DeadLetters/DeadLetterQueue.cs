using RocketOps.Cli.Connecting;
using RocketOps.Cli.Messages;
using RocketOps.Cli.Running;
using RocketOps.Client;
using RocketOps.Protocol.Names;

namespace RocketOps.Cli.Groups.DeadLetters;

/// <summary>The dead letters of a group, on all masters. They stay there when they are read or sent again, as long as the disk keeps messages.</summary>
internal sealed class DeadLetterQueue(Shell shell, ClusterConnection cluster, string group)
{
    private const int PullBatch = 32;

    private readonly string _topic = TopicNames.DeadLetterTopicOf(group);

    /// <summary>Those stored from there on, the oldest first; at most so many of every queue. Throws <see cref="CommandFailedException"/> when there are neither dead letters nor such a group.</summary>
    public async Task<IReadOnlyList<DeadLetter>> ReadAsync(StartPoint from, int most, CancellationToken cancellation)
    {
        if (await cluster.Admin.GetTopicRouteAsync(_topic, cancellation) is not { } route)
        {
            await GroupOnBrokers.FindAsync(cluster, group, clusterName: null, cancellation);
            return [];
        }

        List<DeadLetter> found = [];
        foreach (BrokerData broker in ClusterConnection.WithMaster(route.Brokers))
        {
            foreach (QueueData data in route.Queues.Where(queue => queue.BrokerName == broker.BrokerName))
            {
                if (!data.Permission.HasFlag(TopicPermission.Read))
                {
                    throw new CommandFailedException($"{_topic} cannot be read on {broker.BrokerName}. \"rocketops topic alter {_topic} --permission rw\" lets it be.");
                }

                for (int id = 0; id < data.ReadQueues; id++)
                {
                    found.AddRange((await ReadAsync(broker.MasterAddress!, new MessageQueue(_topic, broker.BrokerName, id), from, most, cancellation)).Select(message => new DeadLetter(message, group)));
                }
            }
        }

        return [.. found.OrderBy(static letter => letter.Message.StoreTime)];
    }

    /// <summary>
    /// Tells whether a message of this id was stored where the letter is to go since it died: it was sent again. Messages stored before are
    /// the deliveries that failed.
    /// </summary>
    public async Task<bool> WasSentAsync(DeadLetter letter, string topic, CancellationToken cancellation)
    {
        foreach (BrokerData broker in ClusterConnection.WithMaster((await cluster.Admin.GetTopicRouteAsync(topic, cancellation))?.Brokers ?? []))
        {
            if ((await cluster.Reader.FindByIdAsync(broker.MasterAddress!, topic, letter.Message.MessageId, cancellation)).Any(message => message.StoreTime > letter.Message.StoreTime))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<List<ReceivedMessage>> ReadAsync(string address, MessageQueue queue, StartPoint from, int most, CancellationToken cancellation)
    {
        long offset = await from.ResolveAsync(cluster.Reader, address, queue, cancellation);
        long end = await cluster.Reader.GetMaxOffsetAsync(address, queue, cancellation);
        List<ReceivedMessage> found = [];
        while (offset < end && found.Count < most)
        {
            ReadResult read = await cluster.Reader.ReadAsync(address, queue, offset, PullBatch, SubscriptionExpression.All, TimeSpan.Zero, cancellation);
            foreach (string problem in read.Problems)
            {
                await shell.Error.WriteLineAsync($"{queue.BrokerName}/{queue.QueueId}: a message cannot be shown: {problem}");
            }

            found.AddRange(read.Messages.Take(most - found.Count));
            if (read.NextOffset <= offset)
            {
                break;
            }

            offset = read.NextOffset;
        }

        return found;
    }
}
