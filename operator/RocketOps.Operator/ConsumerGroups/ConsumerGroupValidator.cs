using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.ConsumerGroups;

/// <summary>Says why a group cannot be brought to what its object asks for. Repeats the schema's rules, since not every API server evaluates them.</summary>
internal static class ConsumerGroupValidator
{
    public static Problem? Check(ConsumerGroup group)
    {
        string name = EffectiveName.Of(group);
        if (group.Status?.GroupName is { Length: > 0 } created && created != name)
        {
            return new Problem(Reasons.Immutable, $"The group's name cannot change from {created} to {name}: its offsets would stay behind. Set it back, or make another ConsumerGroup object.");
        }

        if (group.Status?.Cluster is { Length: > 0 } cluster && cluster != group.Spec.ClusterRef.Text(group))
        {
            return new Problem(
                Reasons.Immutable,
                $"clusterRef.name cannot change from {cluster} to {group.Spec.ClusterRef.Text(group)}: the group's offsets would stay behind. Set it back, or make another ConsumerGroup object.");
        }

        if (!IsValidName(name))
        {
            return new Problem(Reasons.InvalidName, $"{name} is no name of a consumer group: 1 to {GroupNames.MaxLength} letters, digits, '-', '_', '%' and '|' are allowed. Set spec.groupName.");
        }

        if (GroupNames.IsSystem(name))
        {
            return new Problem(Reasons.InvalidName, $"{name} is a group brokers make themselves. Choose another name.");
        }

        if (group.Spec.Attributes?.Keys.FirstOrDefault(static attribute => attribute.Length == 0 || attribute.AsSpan().ContainsAny('+', '-')) is { } misnamed)
        {
            return new Problem(
                Reasons.InvalidSpec,
                $"\"{misnamed}\" is no name of an attribute: it has no sign. Attributes that are in spec.attributes are set, and those that are not there any more are removed.");
        }

        return group.Spec is { RetryQueueNums: >= 0, RetryMaxTimes: >= 0, ConsumeTimeoutMinute: >= 1, BrokerId: >= 0, WhichBrokerWhenConsumeSlowly: >= 0 }
            ? null
            : new Problem(Reasons.InvalidSpec, "retryQueueNums, retryMaxTimes, brokerId and whichBrokerWhenConsumeSlowly must be at least 0, and consumeTimeoutMinute at least 1.");
    }

    public static bool IsValidName(string name) => GroupNames.FindProblem(name) is null;
}
