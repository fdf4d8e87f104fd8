using Microsoft.Extensions.Logging;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Names;
using RocketOps.Store;

namespace RocketOps.Broker.Offsets;

/// <summary>
/// Warning of a broker that becomes the master without the offsets of consumers, though the store has messages and there are groups:
/// consumerOffset.json was lost, alone or with all of config/. Warns, too, when the backup of the file was read.
/// Slaves, and members that do not lead, get the offsets from their master.
/// </summary>
internal sealed partial class LostOffsets(
    MessageStore store, TopicTable topics, GroupTable groups, ConsumerOffsetTable offsets, ILogger<LostOffsets> logger)
{
    private bool _isTold;

    /// <summary>Warns, once. To be called before clients are served.</summary>
    public void Tell()
    {
        if (!_isTold && offsets.IsOfBackup)
        {
            _isTold = true;
            LogBackup();
        }

        if (_isTold || !offsets.IsLost || store.Positions.Appended.Value == 0
            || offsets.Consumed.Any(static pair => !GroupNames.IsOfServers(pair.Group)))
        {
            return;
        }

        int count = groups.All.Count(static group => !GroupNames.IsOfServers(group.Config.Name));
        if (count > 0)
        {
            _isTold = true;
            LogLost(count);
        }
        else if (topics.History.LostBefore >= store.Positions.Appended.Value)
        {
            // The table of topics was missing at this start, and no message has come since.
            _isTold = true;
            LogAllLost();
        }
    }

    [LoggerMessage(EventId = 3702, Level = LogLevel.Warning, Message = ""
        + "config/consumerOffset.json is missing, empty or damaged, and the broker has read consumerOffset.json.bak, which is older. "
        + "Groups read again what they have read since it was written: some seconds where the broker was killed while it wrote the file. "
        + "To set where a group goes on: rocketops group reset GROUP --topic TOPIC --to WHERE, or mqadmin resetOffsetByTime")]
    private partial void LogBackup();

    [LoggerMessage(EventId = 3703, Level = LogLevel.Warning, Message = ""
        + "config/ is missing, and the store has messages: the offsets of all groups are lost, and the groups. Consumers begin by their "
        + "consumeFromWhere: they read again, or pass over messages. Stop the broker and restore config/, or set where a group goes on: "
        + "rocketops group reset GROUP --topic TOPIC --to WHERE, or mqadmin resetOffsetByTime")]
    private partial void LogAllLost();

    [LoggerMessage(EventId = 3699, Level = LogLevel.Warning, Message = ""
        + "config/consumerOffset.json is missing or empty, and the store has messages and {Count} consumer groups: the offsets of all "
        + "groups are lost. Consumers begin by their consumeFromWhere: they read again, or pass over messages. Stop the broker and restore the "
        + "file, or set where a group goes on: rocketops group reset GROUP --topic TOPIC --to WHERE, or mqadmin resetOffsetByTime. If no "
        + "group has ever committed an offset, nothing is lost")]
    private partial void LogLost(int count);
}
