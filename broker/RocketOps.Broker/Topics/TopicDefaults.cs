using RocketOps.Broker.Configuration;
using RocketOps.Protocol.Names;

namespace RocketOps.Broker.Topics;

/// <summary>
/// Default configuration of topics that nobody configured: the broker's own ones, and those made by the first send. Source: remoting.md
/// §5.1.1.
/// </summary>
internal sealed class TopicDefaults(BrokerSettings settings)
{
    /// <summary>Topics every broker has, in the order RocketMQ makes them.</summary>
    public IEnumerable<TopicConfig> SystemTopics()
    {
        BrokerOptions options = settings.Current;
        yield return Plain(TopicNames.SelfTest, 1);
        if (options.AutoCreateTopic)
        {
            yield return Plain(TopicNames.AutoCreateTemplate, options.DefaultTopicQueueNums, PermissionBits.ReadWrite | PermissionBits.Inherit);
        }

        yield return Plain(TopicNames.Benchmark, 1024);
        yield return Plain(options.ClusterName, 16, PermissionBits.Inherit | (options.ClusterTopicEnable ? PermissionBits.ReadWrite : 0));
        yield return Plain(options.BrokerName, 1, PermissionBits.Inherit | (options.BrokerTopicEnable ? PermissionBits.ReadWrite : 0));
        yield return Plain(TopicNames.OffsetMovedEvent, 1);
        yield return Plain(TopicNames.Schedule, options.DelayLevels.MaxLevel);
        yield return Plain(TopicNames.ReplyTopicOf(options.ClusterName), 1);
        if (options.TraceTopicEnable)
        {
            yield return Plain(options.TraceTopicName, 1);
        }

        yield return Plain(TopicNames.TransactionHalf, 1);
        yield return Plain(TopicNames.TransactionOp, 1);
        if (options.TimerEnabled)
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
        && (settings.Current.AutoCreateTopic || !string.Equals(template.Name, TopicNames.AutoCreateTemplate, StringComparison.Ordinal));

    public static TopicConfig Plain(string name, int queues, int perm = PermissionBits.ReadWrite) =>
        new() { TopicName = name, ReadQueueNums = queues, WriteQueueNums = queues, Perm = perm };
}
