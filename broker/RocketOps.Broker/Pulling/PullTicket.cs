namespace RocketOps.Broker.Pulling;

/// <summary>Whom to answer: the sink, and what it needs to know the request again.</summary>
internal readonly record struct PullTicket(IPullReplySink Sink, object Peer, long Tag);
