using RocketOps.Broker.Persistence;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Topics;

/// <summary>
/// Deletions of topics that topics.json notes, read for the store, whose recovery may make queues again before <see cref="TopicTable"/> has
/// been read. A file without notes, as most are, is only searched.
/// </summary>
public static class DeletedTopics
{
    /// <summary>
    /// Reads the deletions that are over, by topic. Throws <see cref="InvalidDataException"/> when the file is damaged beyond its backup.
    /// </summary>
    public static IReadOnlyDictionary<string, ToldDeletion> Read(string storeRoot, IStoreFileSystem fileSystem)
    {
        Dictionary<string, ToldDeletion> deletions = new(StringComparer.Ordinal);
        JsonConfigFile file = new(Path.Combine(storeRoot, "config", "topics.json"), fileSystem);
        if (file.Contains("\"deletions\""u8))
        {
            TableHistoryFile? history = file.Read(TopicJson.Default.TopicHistoryFile)?.History;
            LogRecords? log = history?.ReadLog();
            foreach ((string name, DeletionNote note) in history?.Deletions ?? [])
            {
                if (note.End is { } end)
                {
                    deletions[name] = new ToldDeletion(new PhysicalOffset(end), note.Time, log);
                }
            }
        }

        return deletions;
    }
}
