using System.Buffers.Text;
using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Topics;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;

namespace RocketOps.Broker.Messages;

/// <summary>
/// Stores messages again that have waited in a topic of the broker's own, where their properties say they belong. As RocketMQ leaves them they keep these properties, and the
/// ones that asked for the delay. What cannot be delivered is kept elsewhere, so that it holds nothing up. Allocates nothing for a topic that is known. Source: remoting.md §5.2.
/// </summary>
internal sealed class DueMessages(MessageAppender appender, BrokerAddress address, TruePlaces places, UndeliverableMessages undeliverable)
{
    /// <summary>
    /// Into the log's buffer, not written yet: where the message belongs or, when that cannot be, among the undeliverable ones. <see cref="AppendStatus.MessageIllegal"/>: neither takes it, which
    /// has been noted.
    /// </summary>
    /// <param name="record">The message as it waited.</param>
    /// <param name="properties">Its properties as they are stored now.</param>
    /// <param name="obstacle">What has to be overcome before it is tried again, when the answer says so.</param>
    /// <param name="result">Where it is.</param>
    public AppendStatus Deliver(in RecordView record, ReadOnlySpan<byte> properties, out Obstacle obstacle, out AppendResult result)
    {
        string? problem = FindPlace(record, out TopicState? topic, out int queueId, out string? lost);
        if (lost is not null)
        {
            result = default;
            obstacle = new Obstacle(AppendStatus.QueueNotLoaded, undeliverable.Topic, queueId) { Lost = lost };
            return AppendStatus.QueueNotLoaded;
        }

        if (problem is not null)
        {
            return SetAside(record, problem, out obstacle, out result);
        }

        AppendStatus status = Append(record, properties, topic!.StoreTopic, queueId, out obstacle, out result);
        return status == AppendStatus.MessageIllegal ? SetAside(record, "its topic does not take it", out obstacle, out result) : status;
    }

    /// <summary>Into a queue of the caller's choice. A message whose properties leave no room for what is new in them goes as it is.</summary>
    public AppendStatus Append(in RecordView record, ReadOnlySpan<byte> properties, StoreTopic topic, int queueId, out Obstacle obstacle, out AppendResult result)
    {
        bool hasRoom = properties.Length <= RecordLayout.MaxPropertiesBytes;
        AppendStatus status = appender.Append(
            new MessageToAppend
            {
                Topic = topic,
                QueueId = queueId,
                Fields = record.Fields with { StoreHost = address.StoreHost },
                Body = record.Body,
                Properties = hasRoom ? properties : record.Properties,
            },
            out result);
        obstacle = new Obstacle(status, topic, queueId);
        return status;
    }

    /// <summary>Keeps a message that cannot be delivered, as it is. <see cref="AppendStatus.MessageIllegal"/>: not even that can be, which has been noted.</summary>
    public AppendStatus SetAside(in RecordView record, string reason, out Obstacle obstacle, out AppendResult result)
    {
        if (!undeliverable.IsMade)
        {
            result = default;
            obstacle = new Obstacle(AppendStatus.QueueNotLoaded, undeliverable.Topic, UndeliverableMessages.Queue);
            return AppendStatus.QueueNotLoaded;
        }

        AppendStatus status = Append(record, record.Properties, undeliverable.Topic, UndeliverableMessages.Queue, out obstacle, out result);
        if (status == AppendStatus.Ok)
        {
            undeliverable.CountKept(record, reason);
        }
        else if (status == AppendStatus.MessageIllegal)
        {
            undeliverable.CountPassedOver(record, reason);
        }

        return status;
    }

    /// <inheritdoc cref="UndeliverableMessages.CountLost"/>
    public void CountLost(long messages, StoreTopic topic, string which) => undeliverable.CountLost(messages, topic, which);

    /// <summary>Waits for what kept a message from being stored; false when that has to be tried again later.</summary>
    public async ValueTask<bool> OvercomeAsync(Obstacle obstacle)
    {
        if (obstacle.Lost is { } lost)
        {
            await places.MakeAsync(lost, obstacle.QueueId);
            undeliverable.TellMade(lost, obstacle.QueueId + 1);
            return true;
        }

        if (ReferenceEquals(obstacle.Topic, undeliverable.Topic) && !undeliverable.IsMade)
        {
            await undeliverable.MakeAsync();
        }

        return await appender.OvercomeAsync(obstacle.Status, obstacle.Topic!, obstacle.QueueId);
    }

    /// <summary>
    /// Finds the message's place; returns the reason why it has none, null when it has. A topic that was lost is to be made again.
    /// </summary>
    private string? FindPlace(in RecordView record, out TopicState? topic, out int queueId, out string? lost)
    {
        ReadOnlySpan<byte> name = default;
        int named = -1;
        PropertyReader reader = new(record.Properties);
        while (reader.TryRead(out ReadOnlySpan<byte> property, out ReadOnlySpan<byte> value))
        {
            if (property.SequenceEqual(PropertyNames.Utf8.RealTopic))
            {
                name = value;
            }
            else if (property.SequenceEqual(PropertyNames.Utf8.RealQueueId))
            {
                named = Utf8Parser.TryParse(value, out int number, out int used) && used == value.Length ? number : -1;
            }
        }

        SendStatus status = places.Find(name, named, out topic, out queueId);
        bool isMissing = status is SendStatus.TopicMissing or SendStatus.BadQueue;
        lost = isMissing && named is >= 0 and < TopicConfig.MaxQueues && topic?.Mapping is null
            && places.IsLost(name, record.PhysicalOffset) ? Encoding.UTF8.GetString(name) : null;
        return status switch
        {
            SendStatus.TopicMissing => "there is no such topic",
            SendStatus.TopicForbidden => "its topic is the broker's own",
            SendStatus.NotLeader => "its queue is another broker's now",
            SendStatus.BadQueue => "its topic has no such queue any more",
            _ => queueId < 0 ? "it says no queue" : null,
        };
    }

    /// <summary>Reason why a message was not taken, and place where it should have gone.</summary>
    internal readonly record struct Obstacle(AppendStatus Status, StoreTopic? Topic, int QueueId)
    {
        /// <summary>Name of the topic that is to be made again, as the table of topics was lost; null otherwise.</summary>
        public string? Lost { get; init; }
    }
}
