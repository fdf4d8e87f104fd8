using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Topics;

/// <summary>Says why a topic cannot be brought to what its object asks for. Repeats the schema's rules, since not every API server evaluates them.</summary>
internal static class TopicValidator
{
    public static Problem? Check(Topic topic)
    {
        string name = EffectiveName.Of(topic);
        if (topic.Status?.TopicName is { Length: > 0 } created && created != name)
        {
            return new Problem(Reasons.Immutable, $"The topic's name cannot change from {created} to {name}: its messages would stay behind. Set it back, or make another Topic object.");
        }

        if (topic.Status?.Cluster is { Length: > 0 } cluster && cluster != topic.Spec.ClusterRef.Text(topic))
        {
            return new Problem(
                Reasons.Immutable,
                $"clusterRef.name cannot change from {cluster} to {topic.Spec.ClusterRef.Text(topic)}: its messages would stay behind. Set it back, or make another Topic object.");
        }

        if (!IsValidName(name))
        {
            return new Problem(
                Reasons.InvalidName,
                $"{name} is no topic name: 1 to {TopicNames.MaxLength} letters, digits, '-', '_', '%' and '|' are allowed. Set spec.topicName.");
        }

        if (TopicNames.IsOfBrokers(name))
        {
            return new Problem(Reasons.InvalidName, $"{name} is a topic brokers make themselves. Choose another name.");
        }

        if (topic.Spec.Groups is { } groups && (groups.Count == 0 || groups.Exists(static group => group is < 0 or >= BrokersSpec.MaxGroups)))
        {
            return new Problem(Reasons.InvalidSpec, "groups are numbers of broker groups, from 0 to 63, and at least one: 1 stands for group NAME-1 of cluster NAME. Without the field the topic is on all of them.");
        }

        TopicSettings wanted = TopicSettings.Wanted(topic.Spec);
        return wanted.ReadQueues < 1 || wanted.WriteQueues < 1 || wanted.WriteQueues > wanted.ReadQueues
            ? new Problem(Reasons.InvalidSpec, "readQueues and writeQueues must be at least 1, and writeQueues not larger than readQueues: consumers would never see the messages of the queues above it.")
            : null;
    }

    /// <summary>True when the name may be that of a topic which is not called after a group.</summary>
    public static bool IsValidName(string name) => name.Length <= TopicNames.MaxLength && TopicNames.FindProblem(name) is null;
}
