using RocketOps.Client.Calls;

namespace RocketOps.Client;

/// <summary>Administration of a whole cluster, made of requests to its members.</summary>
public static class RocketMqAdminExtensions
{
    /// <summary>
    /// Creates a topic with so many queues to read and write on every master that does not have it yet. A master that has it keeps it as
    /// it is. Returns the addresses it was
    /// created on: none when all had it. Name servers know of it a moment later. Throws <see cref="RocketMqException"/> when there is no
    /// master or one refuses; the masters before
    /// it then have the topic, and the call may be repeated.
    /// </summary>
    /// <param name="admin">Asks the cluster.</param>
    /// <param name="topic">1–127 characters a-z A-Z 0-9 _ - % |.</param>
    /// <param name="queues">Queues on each master, at least 1.</param>
    /// <param name="cluster">Name of the cluster; null for all that the name servers know.</param>
    /// <param name="cancellationToken">Gives up between two masters.</param>
    public static async Task<IReadOnlyList<string>> CreateTopicAsync(
        this IRocketMqAdmin admin, string topic, int queues, string? cluster = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(admin);
        Names.CheckTopic(topic, nameof(topic));
        ArgumentOutOfRangeException.ThrowIfLessThan(queues, 1);
        ClusterInfo info = await admin.GetClusterInfoAsync(cancellationToken).ConfigureAwait(false);
        string[] masters =
        [
            .. info.Brokers.Values.Where(broker => cluster is null || broker.Cluster == cluster).Select(static broker => broker.MasterAddress).OfType<string>()
                .Order(StringComparer.Ordinal),
        ];
        if (masters.Length == 0)
        {
            throw new RocketMqException(cluster is null ? "the name servers know no master" : $"the name servers know no master of cluster {cluster}") { Reason = RocketMqErrorReason.NoRoute };
        }

        List<string> created = [];
        foreach (string master in masters)
        {
            if (await admin.GetTopicConfigAsync(master, topic, cancellationToken).ConfigureAwait(false) is null)
            {
                await admin.CreateOrUpdateTopicAsync(master, new TopicConfig { Name = topic, ReadQueues = queues, WriteQueues = queues }, cancellationToken).ConfigureAwait(false);
                created.Add(master);
            }
        }

        return created;
    }
}
