namespace RocketOps.Broker.Statistics.History;

/// <summary>A counter's state: how many messages, how many bytes, in how many requests. They only grow.</summary>
internal readonly record struct Traffic(long Messages, long Bytes, long Times);
