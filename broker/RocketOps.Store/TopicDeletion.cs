using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Log;
using RocketOps.Store.Maintenance;

namespace RocketOps.Store;

/// <summary>
/// Deletion of topics from a running store: appends are kept out, what is in the log is taken in and made durable, then the queues go.
/// </summary>
internal sealed class TopicDeletion(
    StoreTopicTable topics, TopicFileRemoval removal, CommitLog log, Dispatcher dispatcher, DispatchCatchUp catchUp, SharedPasses passes,
    Func<StoreMaintenance> maintenance)
{
    /// <summary>
    /// False when the topic has a message that ends behind <paramref name="onlyBefore"/>, and stays; null for wherever they end. Of a topic
    /// that stays, as it was made again, the queues go that have no such message: theirs are of the topic before.
    /// </summary>
    public async ValueTask<bool> DeleteAsync(StoreTopic topic, PhysicalOffset? onlyBefore, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        while (!topic.TryClose())
        {
            await topic.Deletion.WaitAsync(cancellationToken);
            if (topic.IsDeleted)
            {
                if (topic.DeletionFailure is { } reason)
                {
                    throw new StoreException($"Not all files of {topic.Name} could be removed: {reason.Message}", reason);
                }

                return true;
            }

            // The deletion that was waited for has failed. What this caller is told is what comes of its own.
        }

        Exception? failure = null;

        try
        {
            // No append is under way that has not seen it: all records of the topic lie before the log's end of now.
            log.Quiesce();
            topics.EnsureListed(topic);

            // The queues take in what is on its way, and recovery begins behind it. Otherwise the next topic of that name would get the old
            // one's messages, now or after a crash, and its own first ones, whose queue offsets are lower, would find no place.
            await catchUp.RunAsync(cancellationToken);
            await passes.NextAsync().WaitAsync(cancellationToken);
            await dispatcher.OwnAsync(cancellationToken);
            try
            {
                if (onlyBefore is { } known && topic.Queues.Any(queue => queue?.ReachesBehind(known) == true))
                {
                    RemoveQueuesBefore(topic, known);
                    return false;
                }

                // No pass in between: it would tell the inventory of queues that are going.
                maintenance().Exclusively(() =>
                {
                    maintenance().NoteDeletion(topic.Name, long.MaxValue);
                    removal.Remove(topic);
                });
            }
            finally
            {
                dispatcher.Release();
                dispatcher.Run();
            }

            return true;
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            topic.EndDeletion(failure);
        }
    }

    /// <summary>Removes the queues that have no message behind an offset of the log. For the owner of dispatch.</summary>
    private void RemoveQueuesBefore(StoreTopic topic, PhysicalOffset end)
    {
        List<ConsumeQueue> before = [.. topic.Queues.OfType<ConsumeQueue>().Where(queue => !queue.ReachesBehind(end))];
        if (before.Count == 0)
        {
            return;
        }

        maintenance().Exclusively(() =>
        {
            maintenance().NoteDeletion(topic.Name, end.Value);
            foreach (ConsumeQueue queue in before)
            {
                topic.RemoveQueue(queue);
                queue.Destroy();
            }
        });
    }
}
