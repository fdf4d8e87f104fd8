using RocketOps.Broker.StaticTopics.Mappings;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// A pull of a logical queue while it is answered by the physical queue of one of its stretches. Immutable but for whom to answer, which is set once, before it is answered.
/// Source: apache/rocketmq PullMessageProcessor 5.5.0.
/// </summary>
internal sealed class LogicPull(LogicQueue queue, LogicQueueMappingItem item, long logicOffset)
{
    public LogicQueue Queue { get; } = queue;

    /// <summary>The stretch that is read.</summary>
    public LogicQueueMappingItem Item { get; } = item;

    /// <summary>Offset to read at in the physical queue.</summary>
    public long Offset { get; } = item.ToPhysical(logicOffset);

    /// <summary>Whom the answer goes to, in the logical queue's offsets.</summary>
    public PullTicket Ticket { get; set; }

    public bool IsHere => Queue.Mapping.IsHere(Item);

    /// <summary>Nothing is added to the stretch any more: at its end the next one goes on.</summary>
    public bool HasNext => Queue.Next(Item) is not null;

    /// <summary>Messages that may be read, one at least whatever was asked for: what lies behind the stretch's end belongs to others.</summary>
    public int Limit(int messages) => (int)Math.Max(1, Item.HasEnd ? Math.Min(Item.EndOffset - Offset, messages) : messages);

    public override string ToString() => $"{Ticket.Peer}";

    /// <summary>The answer of the physical queue, in the logical queue's offsets; at the end of a stretch the consumer is sent to the next one.</summary>
    public PullAnswer Rewrite(in PullAnswer answer)
    {
        LogicQueueMappingItem stretch = Item;
        (PullOutcome outcome, long next, long min, long max) = (answer.Outcome, answer.NextOffset, answer.MinOffset, answer.MaxOffset);
        if (outcome is not (PullOutcome.Found or PullOutcome.OffsetReset or PullOutcome.NotReadable))
        {
            bool isFirst = Queue.Find(0)!.Gen == stretch.Gen;
            bool isLast = Queue.Leader.Gen == stretch.Gen;
            if (Offset < min)
            {
                outcome = isFirst ? PullOutcome.OffsetMoved : PullOutcome.RetryAtOnce;
                next = min;
            }
            else if (Offset >= max && (isFirst || !isLast))
            {
                if (Queue.Next(stretch) is { } following)
                {
                    stretch = following;
                    outcome = PullOutcome.RetryAtOnce;
                    next = min = max = stretch.StartOffset;
                }
                else
                {
                    outcome = PullOutcome.NotFound;
                    next = Offset > max && answer.Outcome == PullOutcome.OffsetMoved && isLast ? max : next;
                }
            }
            else if (Offset > max && outcome == PullOutcome.OffsetMoved)
            {
                next = max;
            }
        }

        if (stretch.HasEnd)
        {
            next = Math.Min(next, stretch.EndOffset);
        }

        return answer with
        {
            Outcome = outcome,
            NextOffset = stretch.ToLogic(next),
            MinOffset = stretch.ToLogic(min),
            MaxOffset = Math.Max(stretch.ToLogic(max), Queue.MappedEnd),
            OffsetDelta = stretch.OffsetDelta,
        };
    }
}
