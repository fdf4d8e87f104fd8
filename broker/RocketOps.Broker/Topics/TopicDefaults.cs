using RocketOps.Broker.Configuration;
using RocketOps.Protocol.Names;

namespace RocketOps.Broker.Topics;

/// <summary>
/// Default configuration of topics that nobody configured: the broker's own ones, and those made by the first send. Source: remoting.md
/// §5.1.1.
/// </summary>
internal sealed class TopicDefaults(
    BrokerSettings settings, CurrentOptions<TopicTableOptions> options, CurrentOptions<DelayOptions> delays, CurrentOptions<TimerOptions> timers)
{
    /// <summary>Topics every broker has, in the order RocketMQ makes them.</summary>
    public IEnumerable<TopicConfig> SystemTopics()
    {
        BrokerOptions broker = settings.Current;
        TopicTableOptions now = options.Value;
        yield return Plain(TopicNames.SelfTest, 1);
        if (now.AutoCreateTopic)
        {
            yield return Plain(TopicNames.AutoCreateTemplate, now.DefaultTopicQueueNums, PermissionBits.ReadWrite | PermissionBits.Inherit);
        }

        yield return Plain(TopicNames.Benchmark, 1024);
        yield return Plain(broker.ClusterName, 16, PermissionBits.Inherit | (now.ClusterTopicEnable ? PermissionBits.ReadWrite : 0));
        yield return Plain(broker.BrokerName, 1, PermissionBits.Inherit | (now.BrokerTopicEnable ? PermissionBits.ReadWrite : 0));
        yield return Plain(TopicNames.OffsetMovedEvent, 1);
        yield return Plain(TopicNames.Schedule, delays.Value.DelayLevels.MaxLevel);
        yield return Plain(TopicNames.ReplyTopicOf(broker.ClusterName), 1);
        if (now.TraceTopicEnable)
        {
            yield return Plain(now.TraceTopicName, 1);
        }

        yield return Plain(TopicNames.TransactionHalf, 1);
        yield return Plain(TopicNames.TransactionOp, 1);
        if (timers.Value.TimerEnabled)
        {
            yield return Plain(TopicNames.Timer, 1);
        }
    }

    /// <summary>The topic a send asks to be made after another; null when that one may not be inherited from.</summary>
    public TopicConfig? FromTemplate(string name, TopicConfig template, int queueNums, bool unitMode)
    {
        if (!MayInherit(template))
        {
            return null;
        }

        int queues = Math.Max(0, Math.Min(queueNums, template.WriteQueueNums));
        return new TopicConfig
        {
            TopicName = name,
            ReadQueueNums = queues,
            WriteQueueNums = queues,
            Perm = template.Perm & ~PermissionBits.Inherit,
            TopicFilterType = template.TopicFilterType,
            TopicSysFlag = unitMode ? 1 : 0,
        };
    }

    /// <summary>True when a send may have a topic made after this one.</summary>
    public bool MayInherit(TopicConfig template) =>
        (template.Perm & PermissionBits.Inherit) != 0
        && (options.Value.AutoCreateTopic || !string.Equals(template.Name, TopicNames.AutoCreateTemplate, StringComparison.Ordinal));

    public static TopicConfig Plain(string name, int queues, int perm = PermissionBits.ReadWrite) =>
        new() { TopicName = name, ReadQueueNums = queues, WriteQueueNums = queues, Perm = perm };
}
