using RocketOps.Broker.Pulling;
using RocketOps.Store;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.StaticTopics;

/// <summary>Answers pulls of logical queues through the sink they came by, in their own offsets. Pulls of plain queues never come here.</summary>
internal sealed class LogicPullReplies : IPullReplySink
{
    /// <summary>The ticket that stands for <paramref name="ticket"/> while the physical queue is read.</summary>
    public PullTicket TicketOf(LogicPull pull, in PullTicket ticket)
    {
        pull.Ticket = ticket;
        return new PullTicket(this, pull, 0);
    }

    public CancellationToken GoneToken(in PullTicket ticket)
    {
        PullTicket to = PullOf(ticket).Ticket;
        return to.Sink.GoneToken(to);
    }

    public void Hold(in PullTicket ticket, long bytes)
    {
        PullTicket to = PullOf(ticket).Ticket;
        to.Sink.Hold(to, bytes);
    }

    public object ConsumerOf(in PullTicket ticket)
    {
        PullTicket to = PullOf(ticket).Ticket;
        return to.Sink.ConsumerOf(to);
    }

    public bool IsLeaving(in PullTicket ticket)
    {
        PullTicket to = PullOf(ticket).Ticket;
        return to.Sink.IsLeaving(to);
    }

    public bool TryAnswer(in PullTicket ticket, in PullAnswer answer, GetResult result, QueueReader reader, bool flush)
    {
        LogicPull pull = PullOf(ticket);
        PullTicket to = pull.Ticket;
        return to.Sink.TryAnswer(to, pull.Rewrite(answer), result, reader, flush);
    }

    public void Answer(in PullTicket ticket, in PullAnswer answer, ReadOnlySpan<byte> messages, bool flush)
    {
        LogicPull pull = PullOf(ticket);
        PullTicket to = pull.Ticket;
        to.Sink.Answer(to, pull.Rewrite(answer), messages, flush);
    }

    public void Fail(in PullTicket ticket, PullFailure failure, string? detail = null)
    {
        PullTicket to = PullOf(ticket).Ticket;
        to.Sink.Fail(to, failure, detail);
    }

    private static LogicPull PullOf(in PullTicket ticket) => (LogicPull)ticket.Peer;
}
