using RocketOps.Broker.Messages;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Timers;

namespace RocketOps.Broker.Transactions;

/// <summary>Ways that the message of a committed half may take: to its own topic, or first to a delay or a time.</summary>
/// <param name="Places">Its own topic and queue.</param>
/// <param name="Delays">Way to a delay level.</param>
/// <param name="Timers">Way to a time.</param>
internal sealed record CommitRoutes(TruePlaces Places, DelayRouter Delays, TimerRouter Timers);
