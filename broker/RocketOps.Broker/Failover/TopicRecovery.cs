using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Names;
using RocketOps.Store;
using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Broker.Failover;

/// <summary>
/// Recovery by a new master of what the one before could not tell it any more: tables are copied apart from the log, so the log may speak
/// of topics that no table knows. Without their topic, messages that were acknowledged could be read by nobody.
/// </summary>
internal sealed partial class TopicRecovery(MessageStore store, TopicTable topics, ILogger<TopicRecovery> logger)
{
    /// <summary>
    /// Makes the topics that have queues in the store and are in no table. To be called when the queues of everything in the log are known.
    /// </summary>
    public async Task TakeTopicsAsync()
    {
        foreach (StoreTopic stored in store.Topics)
        {
            IReadOnlyList<int> queues = topics.TryGet(stored.Name, out _) || TopicNames.FindProblem(stored.Utf8Name.Span) is not null ? [] : store.GetQueueIds(stored);
            if (queues.Count > 0)
            {
                await topics.GetOrCreateInternalAsync(stored.Name, queues[^1] + 1);
                string count = (queues[^1] + 1).ToString(CultureInfo.InvariantCulture);
                LogMade(stored.Name, count);
            }
        }
    }

    [LoggerMessage(EventId = 3666, Level = LogLevel.Warning, Message = "Topic {Topic} was made shortly before the last master went, and its configuration was not copied: it is made again with the {Queues} queues that have messages; compare it with what it should be")]
    private partial void LogMade(string topic, string queues);
}
