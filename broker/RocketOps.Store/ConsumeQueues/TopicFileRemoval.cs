using RocketOps.Store.Files;

namespace RocketOps.Store.ConsumeQueues;

/// <summary>Removes what a topic that is closed has on the disk besides its records: queues and their extensions.</summary>
internal sealed class TopicFileRemoval(IStoreFileSystem files, StoreTopicTable topics, QueueEnvironment environment, string extDirectory)
{
    /// <summary>
    /// Removes the topic while nobody dispatches. The name becomes free last: a message of the next topic must not come before the old
    /// one's files are gone for good.
    /// </summary>
    public void Remove(StoreTopic topic)
    {
        IReadOnlyList<ConsumeQueue?> queues = topic.Delete();
        try
        {
            foreach (ConsumeQueue? queue in queues)
            {
                queue?.Destroy();
            }

            string queuesDirectory = topics.EnvironmentOf(topic).Directory;
            string directory = Path.Combine(queuesDirectory, topic.Name);
            if (files.DirectoryExists(directory))
            {
                files.DeleteDirectory(directory);
                files.FlushDirectory(queuesDirectory);
            }

            RemoveExtensions(Path.Combine(extDirectory, topic.Name));
        }
        finally
        {
            topics.Remove(topic);
        }
    }

    /// <summary>Removes what the queues have left: extensions of a queue whose own directory somebody has removed.</summary>
    private void RemoveExtensions(string directory)
    {
        if (environment.Ext is null || !files.DirectoryExists(directory))
        {
            return;
        }

        foreach (FileEntry queue in files.List(directory).Where(static entry => entry.IsDirectory))
        {
            string path = Path.Combine(directory, queue.Name);
            foreach (FileEntry file in files.List(path))
            {
                files.DeleteFile(Path.Combine(path, file.Name));
            }

            files.DeleteDirectory(path);
        }

        files.DeleteDirectory(directory);
        files.FlushDirectory(extDirectory);
    }
}
