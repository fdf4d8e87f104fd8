using System.Text.Json.Nodes;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Messages;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Groups;

/// <summary>
/// Plan of where a consumer group is to go on in a topic. While nobody is online its offsets are set. A running group is told by its
/// brokers (INVOKE_BROKER_TO_RESET_OFFSET), for members keep their own position and would commit it over another one.
/// </summary>
/// <param name="Group">The group as it was found.</param>
/// <param name="Topic">Topic to move in.</param>
/// <param name="To">Where to.</param>
/// <param name="Steps">The queues, those of a broker one after the other.</param>
internal sealed record GroupResetPlan(GroupOnBrokers Group, string Topic, StartPoint To, IReadOnlyList<GroupResetStep> Steps)
{
    private const string Push = "CONSUME_PASSIVELY";
    private const string Broadcasting = "BROADCASTING";

    /// <summary>Number of members that are online, as text: 2 members.</summary>
    public string Members => CountText.Of(Group.Members.Count, "member");

    /// <summary>Somebody works on the group's messages.</summary>
    public bool IsRunning => Group.Members.Count > 0;

    /// <summary>Throws <see cref="CommandFailedException"/> when the group cannot be moved there, or not while it runs.</summary>
    public static async Task<GroupResetPlan> MakeAsync(ClusterConnection cluster, string name, string topic, string? clusterName, StartPoint to, CancellationToken cancellation)
    {
        TopicRoute route = await cluster.RouteAsync(topic, cancellation);
        GroupOnBrokers group = await GroupOnBrokers.FindAsync(cluster, name, clusterName, cancellation);
        if (group.Members.Count > 0 && FindObstacle(group, to) is { } obstacle)
        {
            throw new CommandFailedException(obstacle);
        }

        List<GroupResetStep> steps = [];
        foreach ((BrokerData broker, _) in group.Brokers)
        {
            QueueData? data = route.Queues.FirstOrDefault(queue => queue.BrokerName == broker.BrokerName);
            for (int id = 0; id < (data?.ReadQueues ?? 0); id++)
            {
                MessageQueue queue = new(topic, broker.BrokerName, id);
                string address = broker.MasterAddress!;
                long max = await cluster.Reader.GetMaxOffsetAsync(address, queue, cancellation);
                long target = Math.Min(max, await to.ResolveAsync(cluster.Reader, address, queue, cancellation));
                steps.Add(new GroupResetStep(address, queue, group.Queues.TryGetValue(queue, out ConsumerQueueOffsets? offsets) ? offsets.ConsumerOffset : null, target, max));
            }
        }

        return steps.Count > 0 ? new GroupResetPlan(group, topic, to, steps) : throw new CommandFailedException($"topic {topic} has no queue on a broker that knows group {name}.");
    }

    /// <summary>Does it, and tells of each queue that was moved.</summary>
    /// <returns>Queues whose members their broker has not told: they go on where they are.</returns>
    public async Task<IReadOnlyList<MessageQueue>> DoAsync(ClusterConnection cluster, Changes changes, CancellationToken cancellation)
    {
        List<MessageQueue> untold = [];
        foreach (IGrouping<string, GroupResetStep> broker in Steps.GroupBy(static step => step.Address, StringComparer.Ordinal))
        {
            IReadOnlyDictionary<MessageQueue, long>? told = IsRunning ? await TellMembersAsync(cluster, broker.Key, [.. broker], cancellation) : null;
            foreach (GroupResetStep step in broker)
            {
                long to = step.To;
                if (told is null)
                {
                    // No member reads from this broker, also of a group that runs elsewhere.
                    await cluster.Admin.SetConsumerOffsetAsync(step.Address, Group.Name, step.Queue, to, cancellation);
                }
                else if (told.TryGetValue(step.Queue, out long found))
                {
                    // Messages that came since the plan was made.
                    to = found;
                }
                else
                {
                    // A broker tells of the queues that are written to, which may be fewer than those that are read.
                    untold.Add(step.Queue);
                    continue;
                }

                await changes.DoneAsync(null, new JsonObject
                {
                    ["group"] = Group.Name,
                    ["topic"] = step.Queue.Topic,
                    ["broker"] = step.Queue.BrokerName,
                    ["queue"] = step.Queue.QueueId,
                    ["done"] = "moved",
                    ["from"] = step.From,
                    ["to"] = to,
                });
            }
        }

        return untold;
    }

    /// <summary>Null when no member is connected to the broker.</summary>
    private async Task<IReadOnlyDictionary<MessageQueue, long>?> TellMembersAsync(ClusterConnection cluster, string address, GroupResetStep[] steps, CancellationToken cancellation)
    {
        // A broker refuses to move a group in a queue of which it has no offset, and shows 0 for none.
        foreach (GroupResetStep step in steps.Where(static step => step.From is null or 0))
        {
            await cluster.Admin.SetConsumerOffsetAsync(address, Group.Name, step.Queue, step.To, cancellation);
        }

        return await cluster.Admin.ResetConsumerOffsetsAsync(address, Group.Name, Topic, To == StartPoint.End ? null : To.Time ?? DateTimeOffset.UnixEpoch, cancellation);
    }

    /// <summary>Finds why the members of a running group cannot be told; null when they can.</summary>
    private static string? FindObstacle(GroupOnBrokers group, StartPoint to)
    {
        if (group.Online?.MessageModel == Broadcasting)
        {
            return $"group {group.Name} is {Broadcasting}: each of its members keeps its own offsets, brokers have none to reset.";
        }

        string? limit = group.Online?.ConsumeType != Push ? $"read by {group.Online?.ConsumeType}, which nobody can tell where to go on"
            : !to.IsPlaceInTime ? "go to beginning, end or a time only while they run"
            : null;
        return limit is null
            ? null
            : $"group {group.Name} has {CountText.Of(group.Members.Count, "member")} online ({string.Join(", ", group.Members.Select(static member => member.ClientId))}). They {limit}. Stop them first: they would commit over the new offsets.";
    }
}

/// <summary>The new offset of a group in one queue.</summary>
/// <param name="Address">Master of the queue.</param>
/// <param name="Queue">Queue to move in.</param>
/// <param name="From">Offset committed so far; null when there is none.</param>
/// <param name="To">Offset to go on at.</param>
/// <param name="Max">Offset the queue's next message will get.</param>
internal sealed record GroupResetStep(string Address, MessageQueue Queue, long? From, long To, long Max);
