using RocketOps.Broker.Statistics.History;
using RocketOps.Broker.Topics;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Pulling;

/// <summary>A pull that has passed its checks: all that is needed to answer it now or later, in whichever protocol. Holds nothing borrowed.</summary>
internal struct PullArguments
{
    /// <summary>Whom to answer.</summary>
    public PullTicket Ticket { get; set; }

    public TopicState Topic { get; set; }

    /// <summary>Counters of the group's reading; null when too much is counted already.</summary>
    public GroupTraffic? Traffic { get; set; }

    /// <summary>The logical queue that is asked for, whose physical one is read; null for plain topics.</summary>
    public LogicPull? Logic { get; set; }

    public int QueueId { get; set; }

    public long Offset { get; set; }

    /// <summary>The offset the group has been reset to and is told of instead of messages, null mostly.</summary>
    public long? ResetTo { get; set; }

    public int MaxMessages { get; set; }

    /// <summary>Null takes every message.</summary>
    public IMessageFilter? Filter { get; set; }

    /// <summary>Length of the subscription that the pull has brought itself; 0 when its filter is the group's.</summary>
    public int SubscriptionBytes { get; set; }

    /// <summary>
    /// Id of the broker that the client is told to read from when it reads slowly and slaves may serve it; otherwise <c>BrokerId</c> is
    /// told.
    /// </summary>
    public long SlowBrokerId { get; set; }

    public long BrokerId { get; set; }

    /// <summary>Milliseconds for which the request may wait for messages; 0 not at all.</summary>
    public long HoldMs { get; set; }

    public readonly CancellationToken GoneToken => Ticket.Sink.GoneToken(Ticket);

    /// <summary>The consumer is about to lose its connection, and not to wait for an answer by it.</summary>
    public readonly bool IsLeaving => Ticket.Sink.IsLeaving(Ticket);

    /// <summary>So many bytes more, or fewer, are held for whoever pulls.</summary>
    public readonly void Hold(long bytes) => Ticket.Sink.Hold(Ticket, bytes);
}
