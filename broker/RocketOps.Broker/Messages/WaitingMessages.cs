using System.Buffers.Text;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Topics;
using RocketOps.Store;

namespace RocketOps.Broker.Messages;

/// <summary>
/// Stores messages again that have waited in a topic of the broker's own, where their properties say they belong. As RocketMQ leaves them they keep these properties, and the
/// ones that asked for the delay. Allocates nothing for a topic that is known. Source: remoting.md §5.2.
/// </summary>
internal sealed class WaitingMessages(MessageStore store, MessageAppender appender, BrokerAddress address)
{
    /// <summary>Into the log's buffer, not written yet. A message that says no place, or none that can be, is <see cref="AppendStatus.MessageIllegal"/>.</summary>
    /// <param name="record">The message as it waited.</param>
    /// <param name="properties">Its properties as they are stored now.</param>
    /// <param name="obstacle">What has to be overcome before it is tried again, when the answer says so.</param>
    /// <param name="result">Where it is.</param>
    public AppendStatus Deliver(in RecordView record, ReadOnlySpan<byte> properties, out Obstacle obstacle, out AppendResult result)
    {
        obstacle = default;
        if (FindPlace(record.Properties, out int queueId) is { } topic)
        {
            return Append(record, properties, topic, queueId, out obstacle, out result);
        }

        result = default;
        return AppendStatus.MessageIllegal;
    }

    /// <summary>As <see cref="Deliver"/>, into a queue of the caller's choice.</summary>
    public AppendStatus Append(in RecordView record, ReadOnlySpan<byte> properties, StoreTopic topic, int queueId, out Obstacle obstacle, out AppendResult result)
    {
        AppendStatus status = appender.Append(
            new MessageToAppend
            {
                Topic = topic,
                QueueId = queueId,
                Flag = record.Flag,
                SysFlag = record.SysFlag,
                BornTimestamp = record.BornTimestamp,
                BornHost = record.BornHost,
                StoreHost = address.StoreHost,
                ReconsumeTimes = record.ReconsumeTimes,
                PreparedTransactionOffset = record.PreparedTransactionOffset,
                Body = record.Body,
                Properties = properties,
            },
            out result);
        obstacle = new Obstacle(status, topic, queueId);
        return status;
    }

    /// <summary>Waits for what kept a message from being stored; false when that has to be tried again later.</summary>
    public async ValueTask<bool> OvercomeAsync(Obstacle obstacle) => obstacle.Status switch
    {
        AppendStatus.WouldBlock => await appender.WhenRoomAsync(),
        AppendStatus.QueueNotLoaded => await store.Writer.LoadQueueAsync(obstacle.Topic!, obstacle.QueueId, CancellationToken.None) == AppendStatus.Ok,
        _ => false,
    };

    private StoreTopic? FindPlace(ReadOnlySpan<byte> properties, out int queueId)
    {
        ReadOnlySpan<byte> topic = default;
        queueId = -1;
        PropertyReader reader = new(properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual(PropertyNames.Utf8.RealTopic))
            {
                topic = value;
            }
            else if (name.SequenceEqual(PropertyNames.Utf8.RealQueueId))
            {
                queueId = Utf8Parser.TryParse(value, out int number, out int used) && used == value.Length ? number : -1;
            }
        }

        return queueId < 0 || topic.IsEmpty || TopicNames.FindProblem(topic) is not null ? null : store.FindTopic(topic) ?? store.GetOrAddTopic(topic);
    }

    /// <summary>Why a message was not taken, and where it should have gone.</summary>
    internal readonly record struct Obstacle(AppendStatus Status, StoreTopic? Topic, int QueueId);
}
