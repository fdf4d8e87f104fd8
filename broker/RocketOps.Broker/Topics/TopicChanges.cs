using RocketOps.Protocol.Bodies;

namespace RocketOps.Broker.Topics;

/// <summary>Topics that a version of the table has and an earlier one had not, or had otherwise.</summary>
internal sealed record TopicChanges(DataVersion Version, IReadOnlyDictionary<string, TopicConfig> Topics);
