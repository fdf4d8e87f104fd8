using RocketOps.Store;
using RocketOps.Store.Reading;

namespace RocketOps.Broker.Pulling;

/// <summary>Answers pulls in the words of one protocol, at once or long after the request. Each pull is answered once. Thread-safe.</summary>
internal interface IPullReplySink
{
    /// <summary>Cancelled when nobody waits for the answer any more.</summary>
    CancellationToken GoneToken(in PullTicket ticket);

    /// <summary>So many bytes more, or fewer, are held for whoever waits for the answer: the pull itself while it waits, messages that were read for it.</summary>
    void Hold(in PullTicket ticket, long bytes);

    /// <summary>Whom the answer goes to: one object for all pulls of a connection.</summary>
    object ConsumerOf(in PullTicket ticket);

    /// <summary>The consumer is about to lose the way by which its answer goes, and to take another.</summary>
    bool IsLeaving(in PullTicket ticket);

    /// <summary>
    /// Answers with the found messages, copied once from the reader to where they leave from. False, with nothing answered, when the reader has not all of them in memory.
    /// <paramref name="flush"/> is false on the loop of the connection the pull came by only.
    /// </summary>
    bool TryAnswer(in PullTicket ticket, in PullAnswer answer, GetResult result, QueueReader reader, bool flush);

    /// <summary>Answers with these messages, or without any.</summary>
    void Answer(in PullTicket ticket, in PullAnswer answer, ReadOnlySpan<byte> messages, bool flush);

    /// <summary>Answers a pull that could not be served; <paramref name="detail"/> is for people.</summary>
    void Fail(in PullTicket ticket, PullFailure failure, string? detail = null);
}
