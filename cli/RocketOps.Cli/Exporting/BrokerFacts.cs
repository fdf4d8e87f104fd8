namespace RocketOps.Cli.Exporting;

/// <summary>
/// Settings one broker has of a topic or consumer group, in the words of our objects. Compared by value: brokers that have the same share
/// one.
/// </summary>
/// <param name="Spec">The settings an object speaks of, as JSON, fields in a fixed order.</param>
/// <param name="Beyond">What an object cannot say, a line each; empty when there is nothing.</param>
/// <param name="IsSaid">Whether <paramref name="Spec"/> is what the broker has. Otherwise an object could only change it, so it may only watch.</param>
internal sealed record BrokerFacts(string Spec, string Beyond, bool IsSaid);
