using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Topics;

namespace RocketOps.Broker.Sending;

/// <summary>The checks every send passes, in RocketMQ's order, whichever path it takes. Source: remoting.md §5.1.</summary>
internal static class SendChecks
{
    /// <summary>Bit of sysFlag: the tag property holds several tags.</summary>
    private const int MultiTagsFlag = 0x2;

    public static void CheckBroker(BrokerOptions options, TimeProvider time)
    {
        if (options.IsSlave)
        {
            throw SendRefusals.Slave();
        }

        if (options.StartAcceptSendTimestamp > 0 && time.GetUtcNow().ToUnixTimeMilliseconds() < options.StartAcceptSendTimestamp)
        {
            throw SendRefusals.NotYet(options.StartAcceptSendTimestamp);
        }
    }

    /// <summary>Returns the queue to store in.</summary>
    public static int CheckTopic(TopicState topic, BrokerOptions options, BrokerAddress address, int queueId)
    {
        TopicConfig config = topic.Config;
        if (!options.IsWriteable && config.Order)
        {
            throw SendRefusals.BrokerNotWriteable(address.Host);
        }

        if (topic.IsSendForbidden)
        {
            throw SendRefusals.TopicForbidden(topic.Name);
        }

        if (queueId >= Math.Max(config.WriteQueueNums, config.ReadQueueNums))
        {
            throw SendRefusals.BadQueue(queueId, config);
        }

        return queueId >= 0 ? queueId : Random.Shared.Next(Math.Max(1, config.WriteQueueNums));
    }

    public static void CheckProperties(scoped in SendProperties properties, BrokerAddress address)
    {
        if (properties.IsTransaction)
        {
            throw SendRefusals.TransactionForbidden(address.Host);
        }

        if (properties.IsTimer && properties.DelayLevel <= 0)
        {
            throw SendRefusals.TimerNotEnabled();
        }
    }

    public static int SysFlagOf(TopicState topic, int sysFlag) =>
        string.Equals(topic.Config.TopicFilterType, TopicConfig.MultiTag, StringComparison.Ordinal) ? sysFlag | MultiTagsFlag : sysFlag;
}
