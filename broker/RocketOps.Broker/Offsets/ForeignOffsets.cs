using Microsoft.Extensions.Logging;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// Consumer offsets of another broker's consumerOffset.json, as when the wrong config/ was restored: they are offsets of other messages.
/// The file says which log they are of. One without that, of RocketMQ's brokers or an earlier version, is left as it is.
/// </summary>
internal sealed partial class ForeignOffsets(MessageStore store, ConsumerOffsetTable offsets, ILogger<ForeignOffsets> logger)
{
    /// <summary>Drops them, in every role. To be called when the store has started, before the offsets are used.</summary>
    public async Task DropAsync(CancellationToken cancellationToken)
    {
        if (offsets.LoadedLog?.Records is not { } records || !await store.IsOtherLogAsync(new LogRecords(records), cancellationToken))
        {
            return;
        }

        string[] topics = [.. offsets.Consumed.Select(static pair => pair.Topic).Distinct(StringComparer.Ordinal)];
        int groups = offsets.Consumed.Select(static pair => pair.Group).Distinct(StringComparer.Ordinal).Count();
        if (groups > 0)
        {
            offsets.RemoveTopics(topics);
            LogForeign(groups);
        }
    }

    [LoggerMessage(EventId = 3701, Level = LogLevel.Warning, Message = ""
        + "config/consumerOffset.json has the offsets of {Groups} groups in another log than this store's: the file is another broker's. "
        + "The broker drops these offsets, and groups begin by their consumeFromWhere: they read again, or pass over messages. Stop the "
        + "broker and restore config/ of this store, or set where a group goes on: rocketops group reset GROUP --topic TOPIC --to WHERE, "
        + "or mqadmin resetOffsetByTime")]
    private partial void LogForeign(int groups);
}
