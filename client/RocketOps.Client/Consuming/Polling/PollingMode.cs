using RocketOps.Client.Consuming.Offsets;
using RocketOps.Client.Consuming.Pulling;
using RocketOps.Client.Consuming.Queues;

namespace RocketOps.Client.Consuming.Polling;

/// <summary>
/// Mode of a consumer that is polled: no handlers, no retry topic, offsets that the program settles, and queues that may be given by hand.
/// </summary>
internal sealed class PollingMode
{
    private volatile IReadOnlyList<MessageQueue>? _assigned;

    /// <summary>Messages that wait to be polled; null before the start.</summary>
    public PolledMessages? Messages { get; private set; }

    /// <summary>Null before the consumer has made its store.</summary>
    public PolledOffsets? Offsets { get; private set; }

    /// <summary>The queues given by hand; null where the group shares them out.</summary>
    public IReadOnlyList<MessageQueue>? Assigned
    {
        get => _assigned;
        set => _assigned = value;
    }

    public IOffsetStore Attach(IOffsetStore kept) => Offsets = new PolledOffsets(kept);

    public IConsumeService Begin(PushConsumerOptions options, PausedQueues paused)
    {
        PolledMessages messages = new(options, paused);
        paused.Resumed = messages.Wake;
        return Messages = messages;
    }
}
