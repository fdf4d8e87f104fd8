using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Topics;

/// <summary>
/// Decides which brokers a Topic object may write to. It may where it has written before; where there is no such topic; and where there is
/// one that is as asked for, or that it is told to change. What it may is noted in the status before the first write, so that whatever
/// interrupts the operator, the next pass and a deletion know whose topic it is.
/// </summary>
internal static class TopicClaims
{
    /// <summary>The topic on this broker is the object's: the status says so.</summary>
    public static TopicBrokerStatus? Find(Topic topic, string broker) => topic.Status?.TopicName is not null && Entry(topic, broker) is { Observed: not true } entry ? entry : null;

    /// <summary>Returns the entry of the status about a broker, whoever's topic it is.</summary>
    public static TopicBrokerStatus? Entry(Topic topic, string broker) => topic.Status?.Brokers?.Find(last => last.Name == broker);

    /// <summary>Some broker's topic is the object's.</summary>
    public static bool HasAny(Topic topic) => topic.Status is { TopicName: not null, Brokers: { } brokers } && brokers.Exists(static broker => broker.Observed is not true);

    /// <summary>
    /// Returns true when a topic that is found on a broker, without the object having written there, may become the object's.
    /// </summary>
    public static bool MayTake(TopicSpec spec, TopicSettings wanted, TopicSettings? found) => found is null || spec.AdoptionPolicy switch
    {
        AdoptionPolicy.Adopt => true,
        AdoptionPolicy.Fail => false,
        _ => found == wanted,
    };

    /// <summary>The problem of a topic that was there before and may not be taken.</summary>
    public static Problem Conflict(string topic, TopicSpec spec, TopicSettings wanted, IReadOnlyList<(string Broker, TopicSettings Found)> brokers) => spec.AdoptionPolicy == AdoptionPolicy.Fail
        ? AdoptionRefusal.Problem($"Topic {topic}", brokers.Select(static broker => broker.Broker))
        : new Problem(
            Reasons.Conflict,
            $"Topic {topic} was there before this object and differs on {TopicDifference.Describe(wanted, brokers)}. Nothing was changed there. Ask for what is there, or set spec.adoptionPolicy: Adopt to have it changed, or spec.managementPolicy: Observe to watch it only.");
}
