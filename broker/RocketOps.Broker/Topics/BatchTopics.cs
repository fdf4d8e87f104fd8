using RocketOps.Broker.Persistence;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Topics;

/// <summary>
/// Which topics have batch consume queues, read from topics.json for the store, whose recovery makes queues before <see cref="TopicTable"/> has been read. A file that names no kind of
/// queues at all, as nearly all are, is only searched.
/// </summary>
public static class BatchTopics
{
    /// <summary>The names. Throws <see cref="InvalidDataException"/> when the file is damaged beyond its backup, or names a kind of queues that is not known.</summary>
    public static IReadOnlySet<string> Read(string storeRoot, IStoreFileSystem fileSystem)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        JsonConfigFile file = new(Path.Combine(storeRoot, "config", "topics.json"), fileSystem);
        if (!file.Contains("\"queue.type\""u8))
        {
            return names;
        }

        foreach ((string name, TopicConfig config) in file.Read(TopicJson.Default.TopicTableFile)?.Topics ?? [])
        {
            string? type = config.Attributes?.GetValueOrDefault(TopicConfig.QueueType);
            if (type is not (null or TopicConfig.SimpleQueues or TopicConfig.BatchQueues))
            {
                throw new InvalidDataException($"topics.json says {TopicConfig.QueueType}={type} of topic {name}, which is not known here: its queue files would be misread");
            }

            if (config.IsBatch)
            {
                names.Add(config.TopicName ?? name);
            }
        }

        return names;
    }
}
