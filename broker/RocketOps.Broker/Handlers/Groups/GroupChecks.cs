using System.Globalization;
using RocketOps.Broker.Groups;
using RocketOps.Protocol.Names;

namespace RocketOps.Broker.Handlers.Groups;

/// <summary>
/// Checks of a group's configuration that an administrator sends. RocketMQ takes <c>retryMaxTimes</c> below 0, and each message that
/// fails is
/// a dead letter then at its first failure; users who send -1 mean no limit.
/// </summary>
internal static class GroupChecks
{
    /// <summary>Finds what is wrong with it; null when nothing is.</summary>
    public static string? FindProblem(SubscriptionGroupConfig config)
    {
        if (GroupNames.FindProblem(config.Name) is { } problem)
        {
            return problem;
        }

        return config.RetryMaxTimes < 0
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"retryMaxTimes of group {config.Name} is {config.RetryMaxTimes}, and must be at least 0: the number of further deliveries before a message becomes a dead letter (16 by default). There is no value for \"without limit\".")
            : null;
    }
}
