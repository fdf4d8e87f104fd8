using System.Buffers.Text;
using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Topics;
using RocketOps.Store;

namespace RocketOps.Broker.Sending;

/// <summary>Where a delayed message waits: queue level − 1 of the schedule topic, with its true place in two properties. Source: remoting.md §5.2.</summary>
internal sealed class DelayRouting
{
    /// <summary>Both properties with the longest topic name.</summary>
    public const int MaxPropertyBytes = 320;

    private readonly BrokerSettings _settings;
    private readonly StoreTopic _schedule;

    public DelayRouting(BrokerSettings settings, MessageStore store)
    {
        _settings = settings;
        _schedule = store.GetOrAddTopic(Encoding.UTF8.GetBytes(TopicNames.Schedule));
    }

    /// <summary>Writes the properties to add and returns their length.</summary>
    public int Route(int delayLevel, TopicState topic, int queueId, Span<byte> properties, out StoreTopic storeTopic, out int storeQueue)
    {
        storeTopic = _schedule;
        storeQueue = _settings.Current.DelayLevels.Clamp(delayLevel) - 1;
        int length = Put(properties, 0, "REAL_TOPIC"u8);
        properties[length++] = PropertyReader.NameEnd;
        length = Put(properties, length, topic.Utf8Name);
        properties[length++] = PropertyReader.PropertyEnd;
        length = Put(properties, length, "REAL_QID"u8);
        properties[length++] = PropertyReader.NameEnd;
        Utf8Formatter.TryFormat(queueId, properties[length..], out int digits);
        length += digits;
        properties[length++] = PropertyReader.PropertyEnd;
        return length;
    }

    /// <summary>The same for a message that is changed as a list of properties.</summary>
    public (StoreTopic Topic, int QueueId) Route(int delayLevel, string topic, int queueId, MessageProperties properties)
    {
        properties.Set(PropertyNames.RealTopic, topic).Set(PropertyNames.RealQueueId, queueId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return (_schedule, _settings.Current.DelayLevels.Clamp(delayLevel) - 1);
    }

    private static int Put(Span<byte> destination, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(destination[at..]);
        return at + text.Length;
    }
}
