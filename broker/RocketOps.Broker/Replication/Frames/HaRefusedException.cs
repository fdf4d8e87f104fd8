namespace RocketOps.Broker.Replication.Frames;

/// <summary>The other end of a replication connection says what cannot be right, or has another log. The message tells people what and what to do; nothing of the store has changed.</summary>
internal sealed class HaRefusedException(string message) : Exception(message);
