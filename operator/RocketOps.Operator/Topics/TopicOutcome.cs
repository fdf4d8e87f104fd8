using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Topics;

/// <summary>Outcome of a topic on one broker after a pass.</summary>
/// <param name="Broker">Name of the group.</param>
/// <param name="Found">The topic as the broker has it now; null when that is not known or there is none.</param>
/// <param name="Written">The pass changed something there.</param>
/// <param name="DrainingSince">Since when producers are kept out of queues that are to go, or that are new.</param>
/// <param name="Pending">What is still to come by itself.</param>
/// <param name="Problem">What the broker refuses.</param>
/// <param name="Observed">The topic there is not the object's.</param>
/// <param name="Removal">How far it is on its way out of the group; null where it stays.</param>
/// <param name="Removed">It has gone from there, as the object asks for.</param>
/// <param name="RetypedFrom">The message type that the pass replaced there although messages of it are kept; null otherwise.</param>
internal sealed record TopicOutcome(
    string Broker, TopicSettings? Found, bool Written = false, DateTimeOffset? DrainingSince = null, Problem? Pending = null, Problem? Problem = null, bool Observed = false,
    string? RetypedFrom = null, TopicRemovalPhase? Removal = null, bool Removed = false);
