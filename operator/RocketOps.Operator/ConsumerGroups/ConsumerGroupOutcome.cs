using RocketOps.Client;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.ConsumerGroups;

/// <summary>Outcome of a consumer group on one broker after a pass.</summary>
/// <param name="Broker">Name of the broker's group.</param>
/// <param name="Found">The group as the broker has it now; null when that is not known or there is none.</param>
/// <param name="Written">The pass changed something there.</param>
/// <param name="Pending">What is still to come by itself.</param>
/// <param name="Problem">What the broker refuses, or a person has to decide.</param>
/// <param name="Observed">The group there is not the object's.</param>
internal sealed record ConsumerGroupOutcome(
    string Broker, SubscriptionGroupConfig? Found, bool Written = false, Problem? Pending = null, Problem? Problem = null, bool Observed = false);
