using RocketOps.Broker.Configuration;
using RocketOps.Broker.Roles;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Names;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>Checks that come first in every administration of topics.</summary>
internal static class TopicAdminChecks
{
    private const string OnSlave = "Can't modify topic or subscription group from slave broker, please execute it from master broker.";

    public static void CheckMaster(CurrentRole role)
    {
        if (role.IsSlave)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, OnSlave);
        }
    }

    public static void CheckName(string topic, BrokerOptions options, TopicTableOptions topics)
    {
        if (TopicNames.FindProblem(topic) is { } problem)
        {
            throw new RemotingCommandException(ResponseCode.InvalidParameter, problem);
        }

        bool isOwn = string.Equals(topic, options.ClusterName, StringComparison.Ordinal) || string.Equals(topic, options.BrokerName, StringComparison.Ordinal);
        if (topics.ValidateSystemTopic && (isOwn || TopicNames.IsSystem(topic)))
        {
            throw new RemotingCommandException(ResponseCode.InvalidParameter, $"The topic[{topic}] is conflict with system topic.");
        }
    }

    /// <summary>Everything that makes a topic of one request impossible.</summary>
    public static void CheckConfig(TopicTable topics, TopicConfig config)
    {
        CheckSettings(config);
        CheckFilterType(config);
        CheckQueueType(topics, config);
    }

    /// <summary>A filter type that RocketMQ does not know is refused with its code and words.</summary>
    private static void CheckFilterType(TopicConfig config)
    {
        if (config.TopicFilterType is not (TopicConfig.SingleTag or TopicConfig.MultiTag))
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"topicFilterType = [{config.TopicFilterType}] value invalid");
        }
    }

    /// <summary>Queues that the store has of a topic that was not known, as after a restored topics.json, must be of the kind that is asked for.</summary>
    public static void CheckQueueType(TopicTable topics, TopicConfig config)
    {
        if (!topics.SuitsStore(config))
        {
            throw new RemotingCommandException(
                ResponseCode.SystemError,
                $"the store has queues of topic {config.Name} that are not of {TopicConfig.QueueType}={(config.IsBatch ? TopicConfig.BatchQueues : TopicConfig.SimpleQueues)}: delete the topic first");
        }
    }

    public static void CheckSettings(TopicConfig config)
    {
        if (config.ReadQueueNums is < 0 or > TopicConfig.MaxQueues || config.WriteQueueNums is < 0 or > TopicConfig.MaxQueues)
        {
            throw new RemotingCommandException(ResponseCode.InvalidParameter, $"readQueueNums and writeQueueNums must be between 0 and {TopicConfig.MaxQueues}");
        }

        if (config.Perm is < 0 or > PermissionBits.All)
        {
            throw new RemotingCommandException(ResponseCode.InvalidParameter, $"perm {config.Perm} is none; 2 write, 4 read, 6 both");
        }
    }
}
